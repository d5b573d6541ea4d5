"""Operations: the journal, the runner process that carries one out, and what the console and the commands use of both.

Every change goes through the journal. Nothing here draws, and nothing here imports the collector (`tui.fleet`).
"""
