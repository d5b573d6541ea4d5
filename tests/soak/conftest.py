"""The soak tests use the end-to-end tests' terminal."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
