"""Many instances under one confirmation: who goes, in which order, who is left out and why, and whose turn it is."""
