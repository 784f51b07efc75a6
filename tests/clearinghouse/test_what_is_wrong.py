"""What do the figures of one look mean? Decided without a store, a clock or a socket."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from claimgw.clearinghouse.alerts.collect import top
from claimgw.clearinghouse.alerts.decide import Change, Over, Wrong, changes, span
from claimgw.clearinghouse.alerts.figures import Down, Figures, Thresholds
from claimgw.clearinghouse.alerts.news import REMEDY, due, ending
from claimgw.store.alerts import Alert, Kind
from claimgw.store.troubles import DeadLetters, Unusable
from tests.gateway import FALCON, HOSPITAL

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS = Thresholds(machine="db-1")


def known(kind: Kind, subject: str = FALCON, *, ended: timedelta | None = None, **detail: object) -> Alert:
    """An alert of an hour ago, of which people were told that it began."""
    at = None if ended is None else NOW - ended
    return Alert("an id", kind, subject, "text", NOW - HOUR, detail, told_at=NOW - HOUR, ended_at=at)


def decided(figures: Figures, *alerts: Alert) -> list[Change]:
    return changes(figures, alerts, LIMITS, NOW)


@pytest.mark.parametrize(
    ("unusable", "usable", "begins"), [(4, 0, False), (5, 0, True), (5, 20, True), (5, 21, False)]
)
def test_answers_are_invalid_by_number_and_share(unusable: int, usable: int, begins: bool) -> None:
    figures = Figures(unusable=[Unusable(FALCON, unusable, usable)])
    assert bool(decided(figures)) is begins


def test_once_told_few_are_enough_and_silence_ends_nothing() -> None:
    told = known(Kind.INVALID_ANSWERS, unusable=9, findings=["BV-00001"])
    assert decided(Figures(unusable=[Unusable(FALCON, 1, 0)]), told) == []
    assert decided(Figures(), told) == []
    assert decided(Figures(mended=frozenset({FALCON})), told) == [Over(Kind.INVALID_ANSWERS, FALCON, NOW)]


def test_an_outage_grows_and_ends_when_the_breaker_closed() -> None:
    told = known(Kind.INSURER_DOWN, name="Falcon", waiting=7)
    still = Figures(down=[Down(FALCON, "Falcon", NOW - HOUR, "nobody listens", 7)])
    assert decided(still, told) == []
    [grown] = decided(Figures(down=[Down(FALCON, "Falcon", NOW - HOUR, "nobody listens", 8)]), told)
    assert isinstance(grown, Wrong)
    assert grown.detail["waiting"] == 8
    back = NOW - timedelta(seconds=3)
    assert decided(Figures(back={FALCON: back}), told) == [Over(Kind.INSURER_DOWN, FALCON, back)]


@pytest.mark.parametrize(
    ("ended", "newest", "begins"),
    [(None, DAY, True), (2 * HOUR, 4 * HOUR, False), (2 * HOUR, 2 * HOUR, True), (2 * HOUR, HOUR, True)],
)
def test_dead_letters_are_told_once_each(ended: timedelta | None, newest: timedelta, begins: bool) -> None:
    before = {} if ended is None else {FALCON: NOW - ended}
    figures = Figures(dead=[DeadLetters(FALCON, 3, NOW - newest)], dead_before=before)
    assert bool(decided(figures)) is begins


def test_a_machine_begins_and_ends_only_what_it_sees_itself() -> None:
    figures = Figures(free={Path("/a"): 2**30 - 1, Path("/b"): 2**30})
    mine, theirs = known(Kind.DISK, "db-1:/b"), known(Kind.DISK, "db-2:/b")
    begun, over = decided(figures, mine, theirs, known(Kind.LEDGER, "*"))
    assert isinstance(begun, Wrong)
    assert (begun.subject, begun.text) == ("db-1:/a", "Only 1023 MB are free on db-1 where /a is.")
    assert over == Over(Kind.DISK, "db-1:/b", NOW)


def test_certificates_and_mailboxes_by_their_dates() -> None:
    soon, late = NOW + 21 * DAY, NOW + 22 * DAY
    figures = Figures(
        mailboxes=[(HOSPITAL, NOW - DAY)],
        server_certificate=soon,
        client_certificates={FALCON: soon, "payer:INS-2002": late},
        credentials={HOSPITAL: late},
    )
    assert [(one.kind, one.subject) for one in decided(figures)] == [
        (Kind.MAILBOX_AGE, HOSPITAL),
        (Kind.SERVER_CERTIFICATE, "db-1:tls"),
        (Kind.CLIENT_CERTIFICATE, FALCON),
    ]


def test_an_end_is_news_once_it_has_been_calm() -> None:
    calm = timedelta(minutes=5)
    assert due([known(Kind.LEDGER), known(Kind.LEDGER, ended=calm - timedelta(seconds=1))], NOW, calm) == []
    assert [one.ended for one in due([known(Kind.LEDGER, ended=calm)], NOW, calm)] == [True]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sentence_for_its_end_and_something_to_do(kind: Kind) -> None:
    assert ending(known(kind, ended=timedelta(0))).endswith(".")
    assert REMEDY[kind]


def test_of_findings_only_codes_are_told_the_commonest_first() -> None:
    endings = [("invalid-answer", "BV-2, BV-1"), ("not-a-message", "Ali's name"), ("invalid-answer", "BV-2")]
    assert top([*endings, ("silent", "60 s")]) == ["BV-2", "BV-1", "not-a-message"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (40, "40 s"),
        (900, "15 min"),
        (7500, "2 h 5 min"),
        (86_400, "1 day"),
        (4 * 86_400 + 10_800, "4 days 3 h"),
    ],
)
def test_spans_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert span(seconds) == said
