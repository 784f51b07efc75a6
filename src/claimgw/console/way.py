"""Where on its way is every message? The figures on top of the page, and the stages below each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from claimgw.console.words import depth, number
from claimgw.store.overview import Overview
from claimgw.store.waiting import Depth


@dataclass(frozen=True, slots=True)
class Totals:
    """Over all insurers and providers."""

    in_flight: Depth
    held: Depth
    unknown: Depth
    to_be_corrected: Depth
    with_insurer: Depth
    given_up: Depth
    mailboxes: Depth


@dataclass(frozen=True, slots=True)
class Stage:
    """A station and the sidings that branch off it."""

    name: str
    count: str
    tone: str
    side: Sequence["Stage"] = ()


def totals(seen: Overview) -> Totals:
    """The figures of all lanes and boxes together."""
    return Totals(
        in_flight=_sum(lane.in_flight for lane in seen.lanes),
        held=_sum(lane.held for lane in seen.lanes),
        unknown=_sum(lane.unknown for lane in seen.lanes),
        to_be_corrected=_sum(lane.to_be_corrected for lane in seen.lanes),
        with_insurer=_sum(lane.with_insurer for lane in seen.lanes),
        given_up=_sum(lane.given_up for lane in seen.lanes),
        mailboxes=_sum(box.waiting for box in seen.boxes),
    )


def stages(seen: Overview) -> Sequence[Stage]:
    """From the provider's door to its mailbox."""
    sums, today = totals(seen), seen.today
    return (
        Stage(
            "Accepted today",
            _daily(today.accepted, seen),
            "plain",
            side=(Stage("Refused today", _daily(today.refused, seen), "plain"),),
        ),
        Stage(
            "In flight",
            depth(sums.in_flight),
            "move",
            side=(
                Stage("Held", depth(sums.held), _alarm(sums.held, "warn")),
                Stage("Unknown", depth(sums.unknown), _alarm(sums.unknown, "bad")),
            ),
        ),
        Stage(
            "At insurer",
            depth(sums.with_insurer),
            "move",
            side=(Stage("To correct", depth(sums.to_be_corrected), _alarm(sums.to_be_corrected, "bad")),),
        ),
        Stage(
            "Answered today",
            _daily(today.answered, seen),
            "good",
            side=(
                Stage("Cancelled today", _daily(today.cancelled, seen), "plain"),
                Stage("Given up", depth(sums.given_up), _alarm(sums.given_up, "bad")),
            ),
        ),
        Stage("In mailboxes", depth(sums.mailboxes), "plain"),
    )


def _daily(count: int, seen: Overview) -> str:
    return f"{number(count)}+" if seen.today.capped else number(count)


def _alarm(waiting: Depth, tone: str) -> str:
    return tone if waiting.count else "plain"


def _sum(depths: Iterable[Depth]) -> Depth:
    return reduce(Depth.__add__, depths, Depth())
