"""The floor: a Textual app with one empty DataTable and nothing else."""

from textual.app import App
from textual.widgets import DataTable


class Bare(App):
    """One table."""

    def compose(self):
        """It."""
        yield DataTable()

    def on_mount(self):
        """Ten columns."""
        self.query_one(DataTable).add_columns("name", *(f"column{number}" for number in range(9)))
        if rows:
            self.query_one(DataTable).add_rows([[f"row{line}", *"abcdefghi"] for line in range(rows)])


rows = 0
if __name__ == "__main__":
    import sys

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    Bare().run()
