"""`python -m tui`. The `evac` script is the better door: this one looks in the current folder first unless given -P."""

from tui.start import main

main()
