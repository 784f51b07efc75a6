"""Can an operator list what waits for a person, hand it to the insurer, send it again and stop that?"""

import asyncio
import csv
from pathlib import Path

import pytest

from claimgw.clock import SystemClock
from claimgw.store.database import Database
from claimgw.store.records import State
from tests.cli.console import Terminal
from tests.console.seed import Seed

FIRST, SECOND = "payer:INS-2001", "payer:INS-2002"


class Office:
    """A terminal at a gateway with a queue: ids by what they stand for."""

    def __init__(self, address: str) -> None:
        self.terminal = Terminal(address)
        self.terminal.type("history", "show")
        asyncio.run(self._fill(address))

    async def _fill(self, address: str) -> None:
        seed = Seed(SystemClock().now())
        seed.parties()
        self.lost = seed.exchange(State.GIVEN_UP, ago=500_000, reason="given up after 5 days")
        for number in (1, 2):
            ago = 400_000 / number
            seed.attempt(self.lost, number, ago=ago, closed=ago - 1, outcome="refused")
        self.unknown = seed.exchange(State.UNCONFIRMED, ago=600, due=60)
        seed.attempt(self.unknown, ago=600, closed=590, outcome="silent")
        self.unusable = seed.exchange(State.AWAITING_CORRECTION, ago=300, event="priorauth-request")
        seed.attempt(self.unusable, ago=300, closed=299, outcome="invalid-answer", detail="IC-00014")
        self.held = seed.exchange(State.HELD, ago=200, due=60)
        self.elsewhere = seed.exchange(State.GIVEN_UP, SECOND, ago=100)
        self.answered = seed.exchange(State.ANSWERED, ago=50, by="insurer")
        seed.rows["exchange"][0]["focal_value"] = "=1+1"
        database = Database(address)
        await seed.write(database)
        await database.close()


@pytest.fixture
def office(address: str) -> Office:
    return Office(address)


@pytest.fixture
def desk(tmp_path: Path, sqlite_template: Path) -> Office:
    """On one kind, where both do alike."""
    file = tmp_path / "claimgw.db"
    file.write_bytes(sqlite_template.read_bytes())
    return Office(f"sqlite:///{file}")


def test_the_queue_is_listed_by_insurer_and_state(office: Office) -> None:
    read = office.terminal.read
    assert [one["exchange"] for one in read("queue", "list", FIRST)] == [
        office.lost,
        office.unknown,
        office.unusable,
    ]
    assert {one["exchange"] for one in read("queue", "list", "--state", "given-up")} == {
        office.lost,
        office.elsewhere,
    }
    (held,) = read("queue", "list", "--state", "held")
    assert (held["exchange"], held["tries"], held["arrived"]) == (office.held, 0, "no")
    lost, unknown, unusable = read("queue", "list", FIRST)
    assert (lost["tries"], lost["last_error"], lost["arrived"]) == (2, "refused", "no")
    assert (unknown["arrived"], unusable["arrived"]) == ("unknown", "yes")
    assert unusable["last_error"] == "invalid-answer (IC-00014)"
    told = office.terminal.type("queue", "list", FIRST, "--limit", "1")
    assert office.lost in told
    assert "The oldest 1; there are more." in told
    assert "write one of given-up" in office.terminal.type("queue", "list", "--state", "answered", code=2)


def test_the_insurer_gets_a_file_that_no_spreadsheet_runs(desk: Office, tmp_path: Path) -> None:
    file = tmp_path / "queue.csv"
    assert "3 rows" in desk.terminal.type("queue", "csv", FIRST, "--out", str(file))
    assert file.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert {row["exchange"] for row in rows} == {desk.lost, desk.unknown, desk.unusable}
    lost = next(row for row in rows if row["exchange"] == desk.lost)
    assert lost["identifier"] == "'=1+1"
    assert lost["message_header_id"] != lost["bundle_id"] != ""
    assert "overwritten" in desk.terminal.type("queue", "csv", FIRST, "--out", str(file), code=2)


def test_a_resending_is_rehearsed_made_shown_and_stopped(office: Office) -> None:
    terminal = office.terminal
    by_filter = ("queue", "resend", "--insurer", FIRST, "--state", "given-up", "--outcome", "refused")
    (dry,) = terminal.read(*by_filter, "--dry-run")["requests"]
    assert dry == {"exchange": office.lost, "state": "given-up", "fate": "again", "sent": True}
    assert "say why" in terminal.type(*by_filter, code=2)
    assert "1 are sent again, 0 not." in terminal.type(*by_filter, "--reason", "back", "--by", "omar")
    shown = terminal.read("queue", "show", office.lost)
    assert (shown["state"], len(shown["attempts"])) == ("held", 2)
    assert [(one["was"], one["made_by"], one["reason"]) for one in shown["again"]] == [
        ("given-up", "omar", "back")
    ]
    assert "nobody listens at the insurer's address" in terminal.type("queue", "show", office.lost)
    assert "1 requests" in terminal.type("queue", "stop", FIRST, "--by", "aida")
    assert "Nothing that was sent again waits" in terminal.type("queue", "stop", FIRST)
    assert terminal.read("queue", "show", office.lost)["state"] == "given-up"
    (order,) = terminal.read("history", "again", FIRST)
    assert (order["chosen"], order["requests"]) == ("state given-up; last try refused; at most 100", 1)
    assert (order["made_by"], order["stopped_by"]) == ("omar", "aida")


def test_what_may_not_be_sent_is_told_and_left(desk: Office) -> None:
    chosen = (desk.answered, desk.lost, desk.elsewhere)
    told = desk.terminal.read("queue", "resend", *chosen, "--reason", "a test")
    assert [one["fate"] for one in told["requests"]] == ["answered", "again", "elsewhere"]
    assert "not sent: it is answered" in desk.terminal.type("queue", "resend", *chosen, "--dry-run")


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (("resend", "--insurer", FIRST, "--reason", "x"), "that would be everything; add what of it", 2),
        (("resend", "--reason", "x"), "give the ids of requests, or --insurer", 2),
        (("resend", "no-id", "--reason", "x"), "'no-id' is no id of a request", 2),
        (("resend", "--insurer", "payer:X", "--state", "held", "--reason", "x"), "not registered", 1),
        (("stop", "payer:X"), "not registered", 1),
        (("show", "0194f1d0-0000-7000-8000-000000000000"), "there is no request", 1),
        (("rejudge", FIRST, "--rule", "IC-00014"), "say why they are judged again", 2),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(
    desk: Office, words: tuple[str, ...], told: str, code: int
) -> None:
    assert told in desk.terminal.type("queue", *words, code=code)


def test_an_answer_without_bytes_is_not_judged_again(desk: Office) -> None:
    told = desk.terminal.type("queue", "rejudge", FIRST, "--rule", "IC-00014", "--dry-run")
    assert "No answer of payer:INS-2001 that was refused because of IC-00014 waits." in told
