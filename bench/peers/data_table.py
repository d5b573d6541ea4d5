"""Seconds that Textual's DataTable takes for so many rows of ten columns, headless. Prints one number."""

import asyncio
import sys
import time

from textual.app import App
from textual.widgets import DataTable


class Plain(App):
    """An app for the table."""

    def compose(self):
        """It."""
        yield DataTable()


async def main():
    """Fill it and wait until it is drawn."""
    rows = [[f"value {number} of {line}" for number in range(10)] for line in range(int(sys.argv[1]))]
    app = Plain()
    async with app.run_test(size=(160, 50)) as pilot:
        table = app.query_one(DataTable)
        table.add_columns(*(f"column{number}" for number in range(10)))
        await pilot.pause()
        begun = time.perf_counter()
        table.add_rows(rows)
        await pilot.pause()
        sys.stdout.write(f"{time.perf_counter() - begun}\n")


asyncio.run(main())
