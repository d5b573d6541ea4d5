"""One instance: where it breaks, what that means, what to press. Sheets are data, `screen` draws them."""
