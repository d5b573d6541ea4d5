"""Everything beneath the screens: reading the fleet (fleet), acting on it (operations), AWS (aws), and the decisions (domain).

This module imports nothing, so that `import tui` costs nothing.
"""
