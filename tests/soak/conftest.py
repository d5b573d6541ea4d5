"""The soak tests use the end-to-end tests' terminal and the screens' stage."""

import sys
from pathlib import Path

for folder in ("e2e", "screens"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
