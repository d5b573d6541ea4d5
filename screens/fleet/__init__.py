"""The fleet screen: header, targets, the table, the preview."""
