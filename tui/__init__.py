"""Everything beneath the screens: the eyes (fleet), the hands (operations), AWS, and the decisions (domain).

This module imports nothing, so that `import tui` costs nothing.
"""
