"""Is the ending of a claim's identifier read as the table says?"""

import pytest

from claimgw.insurers.sandbox.behaviour import TABLE, Behaviour, Number, wish_of


@pytest.mark.parametrize(
    ("identifier", "name", "number"),
    [
        ("CLM-1001", "APPROVE", 0),
        ("", "APPROVE", 0),
        ("req_296260", "APPROVE", 0),
        ("CLM-1001-APPROVE", "APPROVE", 0),
        ("CLM-1001-partial", "PARTIAL", 0),
        ("CLM-1001-Reject", "REJECT", 0),
        ("CLM-1001-QUEUE-30", "QUEUE", 30),
        ("CLM-1001-QUEUE-0", "QUEUE", 0),
        ("CLM-1001-QUEUE", "QUEUE", 5),
        ("CLM-1001-STEPS-7", "STEPS", 7),
        ("CLM-1001-SILENT", "SILENT", None),
        ("CLM-1001-SILENT-2", "SILENT", 2),
        ("CLM-1001-BUSY", "BUSY", None),
        ("CLM-1001-BUSY-3", "BUSY", 3),
        ("CLM-1001-SLOW-9", "SLOW", 9),
        ("CLM-1001-DUPLICATE", "DUPLICATE", 0),
        ("CLM-1001-DUPLICATE-1", "DUPLICATE", 1),
        ("REJECT", "APPROVE", 0),  # no dash
        ("CLM-REJECT-1001", "APPROVE", 0),  # not at the end
        ("CLM-1001-REJECT-3", "APPROVE", 0),  # a number where none belongs
        ("CLM-1001-QUEUE-99999", "APPROVE", 0),  # more than a number of seconds
        ("CLM-1001-REJECT\n", "APPROVE", 0),
    ],
)
def test_an_ending_asks_for_a_behaviour(identifier: str, name: str, number: int | None) -> None:
    wish = wish_of(identifier)
    assert (wish.behaviour.name, wish.number) == (name, number)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_can_be_asked_for_and_says_what_it_does(row: Behaviour) -> None:
    assert wish_of(f"X-{row.name.lower()}").behaviour is row
    assert row.sentence.endswith(".")
    assert row.effect


def test_the_endings_are_written_with_what_their_number_counts() -> None:
    endings = {row.name: row.ending for row in TABLE}
    assert endings["APPROVE"] == "APPROVE"
    assert endings["QUEUE"] == "QUEUE[-<N>]"
    assert endings["SILENT"] == "SILENT[-<K>]"
    assert {row.number for row in TABLE} == set(Number)
