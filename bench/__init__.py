"""The benchmark: evac beside its peers, in one run on one machine. `make bench`; figures are ratios, not promises."""
