"""The eyes: the collector process, and the console's end of it."""
