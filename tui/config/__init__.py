"""The settings: their shape, where they come from, and how the file is written."""
