"""Stories of whole shifts in a real pseudo-terminal: several actions in one console, something going wrong in the middle."""
