"""Decisions: what an instance is, what its events mean, what may be done to it and how.

Pure: the standard library only, no I/O, and time is an argument.
"""
