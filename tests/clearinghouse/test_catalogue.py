"""Does every event come off as docs/events.md says, in every situation, through the HTTP door?"""

import pytest

from claimgw.messages.events import EVENTS, Leg
from tests.clearinghouse.catalogue import page
from tests.clearinghouse.catalogue.cells import Never, Situation
from tests.clearinghouse.catalogue.plays import played
from tests.clearinghouse.catalogue.stage import stage
from tests.clearinghouse.catalogue.table import TABLE, Row

# On PostgreSQL: where two at once, or a message of somebody else, change the same rows.
ON_THE_OTHER = {
    "claim-request": (Situation.SLOW, Situation.LATE, Situation.IN_FLIGHT),
    "cancel-request of a claim": (Situation.LATE, Situation.COPY),
    "communication, unsolicited": (Situation.UNREACHABLE,),
    "batch-request": (Situation.ANSWERED,),
    "error-notice": (Situation.ANSWERED,),
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
async def test_every_cell_comes_as_the_table_says(row: Row, sqlite: str) -> None:
    assert await page.play_row(row, sqlite) == row.cells


async def test_some_cells_come_alike_on_postgresql(postgresql: str) -> None:
    async with stage(postgresql) as made:
        for row in TABLE:
            for situation in ON_THE_OTHER.get(row.name, ()):
                assert await played(made, row.name, situation) == row.cells[situation], (row.name, situation)


def test_every_offered_event_is_in_the_table_in_every_situation() -> None:
    begun = {
        event.code
        for event in EVENTS.values()
        if event.offered and (event.leg is not Leg.RESPONSE or event.deferrable)
    }
    # A late cancel-response is a cell of the cancellation's row.
    assert {row.name.replace(",", "").split()[0] for row in TABLE} == begun - {"cancel-response"}
    assert all(tuple(row.cells) == tuple(Situation) for row in TABLE)
    assert not any(isinstance(row.cells[Situation.ANSWERED], Never) for row in TABLE)


def test_the_page_shows_the_table() -> None:
    shown = page.PAGE.read_text()
    assert shown == page.rendered(shown)
