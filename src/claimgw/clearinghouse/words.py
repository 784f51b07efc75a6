"""Which sentences does the gateway write for people, into answers and beside them?"""

from collections.abc import Iterable
from itertools import islice

from claimgw.conformance.history.duplicates import Duplicate
from claimgw.messages.claim_replies import LONGEST_DISPOSITION
from claimgw.messages.findings import Finding
from claimgw.store.records import WITHDRAWN, Exchange, State

# How a request stands, to those who ask about it.
STANDING = {
    State.REFUSED: "Our own check refused it; it was never forwarded",
    State.UNCHECKED: "Taken at once because it is large; it is checked next",
    State.IN_FLIGHT: "An attempt to deliver it is open",
    State.HELD: "The insurer does not have it; it will be delivered later",
    State.UNCONFIRMED: "Sent without an answer: it may have arrived",
    State.AWAITING_CORRECTION: "The insurer's answer could not be used; it is not sent again by itself",
    State.QUEUED: "The insurer has it and has not adjudicated",
    State.PARTIAL: "The insurer adjudicated a part; more will come",
    State.ANSWERED: "The provider has its final answer, or finds it in its mailbox",
    State.CANCELLED: "Its provider took it back",
    State.NULLIFIED: "Its provider took it back, and it is kept for audit only",
    State.GIVEN_UP: "It is tried no more; an answer that still comes counts",
}

LONGEST_DISPLAY = 100  # Coding.display (spec §2.6)
_MOST_NOTES = 10
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def will_deliver(insurer: str, hours: str = "") -> str:
    """The disposition of a pended answer: at most 250 characters; a long name of an insurer is cut.

    `hours`: what is told of them, if the insurer is closed.
    """
    before = "Received without errors as far as the gateway can tell. It will be delivered to "
    after = f", which is {hours}" if hours else " as soon as the insurer can take it"
    after += "; poll for the answer."
    return before + _cut(insurer, LONGEST_DISPOSITION - len(before) - len(after)) + after


def meanwhile(exchange: Exchange, insurer: str) -> str:
    """The disposition for a provider that still waits: no answer follows to what it has cancelled itself."""
    if exchange.state not in WITHDRAWN:
        return will_deliver(insurer)
    before, after = (
        "Cancelled by its provider while it was with ",
        "; what the insurer answers to it is refused.",
    )
    return before + _cut(insurer, LONGEST_DISPOSITION - len(before) - len(after)) + after


def will_check(insurer: str, hours: str = "") -> str:
    """The disposition of the answer to a large claim, which is not checked yet (spec §3.5)."""
    before = "Received; large, so it is checked next. If it has no errors it will be delivered to "
    after = f", which is {hours}" if hours else ""
    after += "; poll for the answer, or for what is wrong with it."
    return before + _cut(insurer, LONGEST_DISPOSITION - len(before) - len(after)) + after


def in_process(insurer: str) -> str:
    """The disposition of the answer to a copy that came while the first is on its way (spec §3.4)."""
    before = "BV-00542: an identical message is already being processed for "
    after = "; nothing was sent again. Poll for the answer, or repeat the message later."
    return before + _cut(insurer, LONGEST_DISPOSITION - len(before) - len(after)) + after


def insurer_declined(detail: str) -> Finding:
    """The finding of an insurer's refusal to process; `detail` are codes, never content."""
    return Finding(
        "GE-00026",
        "Bundle",
        f"The insurer could not process the message ({detail})"[:250],
        "Ask the insurer, or send a corrected request under a new identifier",
    )


def away(insurer: str, hours: str = "") -> Finding:
    """The finding of an insurer that is not there, or too slow, for an event that may not wait.

    `hours`: what is told of them, if it is closed.
    """
    before, after = ("", f" is {hours}") if hours else ("The insurer cannot be reached: ", "")
    return Finding(
        "GE-00012",
        "Bundle.entry[0].resource.destination[0].receiver",
        before + _cut(insurer, LONGEST_DISPLAY - len(before) - len(after)) + after,
        "Nothing was kept for it; send the message again later under new ids",
    )


def not_delivered(insurer: str) -> Finding:
    """The finding for a message that is given up, of which no attempt can have arrived."""
    before = "Never delivered, and tried no more; not there: "
    return Finding(
        "GE-00012",
        "Bundle.entry[0].resource.destination[0].receiver",
        before + _cut(insurer, LONGEST_DISPLAY - len(before)),
        "Cancel it, then send it again under new ids and a new identifier; or ask the gateway's operator",
    )


def given_up(why: str, last: str, *, lost: bool) -> str:
    """The reason beside a dead letter; `last` is what its last attempt came to."""
    return f"given up {why}{'' if lost else ', and it may have arrived'}" + (f"; {last}" if last else "")


def lasting(seconds: float) -> str:
    """A length of time in the largest unit that says it without a fraction."""
    whole = max(1, round(seconds))
    unit, name = next((unit, name) for unit, name in _UNITS if whole % unit == 0)
    return f"{whole // unit} {name}" + ("" if whole == unit else "s")


def under_way(insurer: str) -> Finding:
    """The finding for a copy of a message that may not wait, while the first is on its way (spec §3.4)."""
    return Finding(
        "BV-00542",
        "Bundle",
        "An identical message is being processed right now",
        f"Nothing was sent again to {insurer}; repeat the message a little later",
    )


def claimed_twice(found: Iterable[Duplicate]) -> list[str]:
    """A note for each other claim of the provider that has services of this one; of ten claims at most."""
    items: dict[str, list[int]] = {}
    for one in found:
        items.setdefault(one.claim.value, []).append(one.item + 1)
    return [
        f"Your claim {claim}, which is in force, has the same service under the same patient invoice as item"
        f" {', '.join(map(str, dict.fromkeys(numbers)))} of this one, counted from 1. If it is one service,"
        " cancel one of the claims; if this claim resubmits that one, relate them as prior."
        for claim, numbers in islice(items.items(), _MOST_NOTES)
    ]


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else name[: room - 1] + "…"
