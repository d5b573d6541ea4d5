"""Who acts when a host dies or a system hangs, and from what copy an instance comes back.

Nothing is imported here: the first frame loads none of it.
"""
