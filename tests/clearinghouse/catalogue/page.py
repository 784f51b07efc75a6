"""How is the table shown: as it shall be in docs/events.md, and as it came in a run?

.venv/bin/python -m tests.clearinghouse.catalogue.page          play every cell, print the table as it came
.venv/bin/python -m tests.clearinghouse.catalogue.page --write  write the table of docs/events.md anew
"""

import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from claimgw.store.database import Database
from claimgw.store.schema import upgrade
from tests.clearinghouse.catalogue.cells import Cell, Never, Situation
from tests.clearinghouse.catalogue.plays import SETTINGS, played
from tests.clearinghouse.catalogue.stage import stage
from tests.clearinghouse.catalogue.table import TABLE, Row

PAGE = Path(__file__).parents[3] / "docs" / "events.md"
BEGIN, END = "<!-- the table: begin -->", "<!-- the table: end -->"
_HEAD = ("Situation", "The sender hears", "The other side gets", "States", "By the next poll", "Own message")

Came = Mapping[Situation, Cell | Never]


async def play_row(row: Row, address: str) -> dict[Situation, Cell | Never]:
    """What comes of every cell that can be, one after the other in one gateway."""
    came: dict[Situation, Cell | Never] = {}
    async with stage(address, **SETTINGS.get(row.name, {})) as made:
        for situation, cell in row.cells.items():
            came[situation] = cell if isinstance(cell, Never) else await played(made, row.name, situation)
    return came


def section(row: Row, came: Came) -> str:
    """One event: a line for each situation. What differs from the table is said below its line."""
    lines = [f"### {row.name} (row {row.number})", ""]
    lines += [_line(_HEAD), _line(["---"] * len(_HEAD))]
    for situation, cell in came.items():
        lines.append(_line([situation, *_columns(cell)]))
        if cell != row.cells[situation]:
            lines.append(_line(["**should be**", *_columns(row.cells[situation])]))
    return "\n".join(lines)


def _columns(cell: Cell | Never) -> list[str]:
    if isinstance(cell, Never):
        return [f"– ({cell.why})", "", "", "", ""]
    return [cell.hears, cell.gets, cell.states, cell.mailbox, cell.then or "–"]


def _line(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |"


def table(shown: Callable[[Row], Came] = lambda row: row.cells) -> str:
    return "\n\n".join(section(row, shown(row)) for row in TABLE)


def rendered(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


async def _migrate(address: str) -> None:
    database = Database(address)
    await upgrade(database)
    await database.close()


def _play_all(folder: Path) -> dict[str, Came]:
    template, file = folder / "template.db", folder / "row.db"
    asyncio.run(_migrate(f"sqlite:///{template}"))
    came: dict[str, Came] = {}
    for row in TABLE:
        shutil.copyfile(template, file)
        came[row.name] = asyncio.run(play_row(row, f"sqlite:///{file}"))
    return came


def main() -> int:
    """0 if every cell came as it shall."""
    if "--write" in sys.argv:
        PAGE.write_text(rendered(PAGE.read_text()))
        return 0
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        came = _play_all(Path(folder))
    print(table(lambda row: came[row.name]))
    cells = [(row, situation) for row in TABLE for situation in row.cells]
    wrong = sum(came[row.name][situation] != row.cells[situation] for row, situation in cells)
    print(f"\n{len(cells)} cells, {wrong} not as they should be")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
