"""The collector, the process that reads: `python -P -m tui.fleet.collector`."""
