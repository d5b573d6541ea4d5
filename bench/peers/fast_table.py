"""Seconds that textual-fastdatatable takes for so many rows of ten columns, headless. Prints one number."""

import asyncio
import sys
import time

from textual.app import App
from textual_fastdatatable import ArrowBackend, DataTable

rows = int(sys.argv[1])
data = {f"column{number}": [f"value {number} of {line}" for line in range(rows)] for number in range(10)}


class Fast(App):
    """An app for the table."""


async def main():
    """Mount it and wait until it is drawn."""
    app = Fast()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        begun = time.perf_counter()
        await app.screen.mount(DataTable(backend=ArrowBackend.from_pydict(data)))
        await pilot.pause()
        sys.stdout.write(f"{time.perf_counter() - begun}\n")


asyncio.run(main())
