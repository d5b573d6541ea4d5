"""Textual screens and their widgets, and nothing else. They are given services; they never look for them."""
