"""The hands: the journal, the runner process, and the console's end of both.

Every change goes through the journal; nothing here draws, and nothing here knows the eyes.
"""
