"""Chores of the repository that are more than a line of the Makefile. Not part of the program."""
