"""Reading the fleet: the collector process, and the console's side of it."""
