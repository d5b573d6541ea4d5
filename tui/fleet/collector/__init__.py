"""The eyes, a process of its own: `python -P -m tui.fleet.collector`."""
