"""How bad is the breach of a rule, by the direction of the message?"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from claimgw.conformance.since import SINCE
from claimgw.messages.events import Event, Leg
from claimgw.messages.findings import Severity


class Direction(StrEnum):
    """Whose message it is."""

    REQUEST = "request"  # a provider's
    ANSWER = "answer"  # an insurer's answer, in session or later
    NOTICE = "notice"  # what an insurer starts by itself


_BY_LEG = {Leg.REQUEST: Direction.REQUEST, Leg.RESPONSE: Direction.ANSWER, Leg.NOTICE: Direction.NOTICE}


def direction_of(event: Event | None) -> Direction:
    """Whose message an event's is; one that cannot be told is judged as a provider's, the strictest."""
    return _BY_LEG[event.leg] if event else Direction.REQUEST


_E, _W = Severity.ERROR, Severity.WARNING

# A code, else its family, else "" decides. Insurers' live traffic breaks rules and is delivered all the same
# (spec §0.3 item 12): there an error is only what a typed FHIR parser refuses, or what leaves a provider
# unable to tell what was answered, by whom, about what.
_TABLE: Mapping[str, Mapping[Direction, Severity]] = {
    "": {Direction.REQUEST: _E, Direction.ANSWER: _W, Direction.NOTICE: _W},
    **{
        rule: {Direction.REQUEST: _E, Direction.ANSWER: _E, Direction.NOTICE: _E}
        for rule in (
            "DT",
            "GE-00000",
            "GE-00013",
            "GE-00035",
            "IB-00006",  # Bundle.type
            "IB-00071",  # ClaimResponse.outcome
            "IB-00175",  # MessageHeader.response.code
            "IB-00228",  # Task.status
            "IB-00250",  # the event
            "IC",
            "RE-00180",
            "BV-00130",
            "BV-00167",
            "FR-00007",
        )
    },
    **{
        rule: {Direction.REQUEST: _E, Direction.ANSWER: _W, Direction.NOTICE: _W}
        for rule in (
            "IC-01428",  # elements without a code of their own
            "IC-00009",  # Bundle.meta.profile
            "IC-00010",  # Bundle.timestamp
            "IC-00222",  # MessageHeader.meta
            "IC-00223",  # MessageHeader.meta.profile
            "IC-00227",  # MessageHeader.source
            "IC-00228",  # MessageHeader.source.endpoint
        )
    },
    # A month or a year names a period in a poll well enough.
    "DT-01414": {Direction.REQUEST: _W, Direction.ANSWER: _W, Direction.NOTICE: _W},
    # Clients in production send `stat` (spec C-10).
    "BV-00892": {Direction.REQUEST: _W, Direction.ANSWER: _W, Direction.NOTICE: _W},
    # The real server refused a message with entries that nothing refers to for other reasons only.
    "RE-00177": {Direction.REQUEST: _W, Direction.ANSWER: _W, Direction.NOTICE: _W},
}


def severity(code: str, direction: Direction, on: date, source: str = "") -> Severity | None:
    """None: the rule did not bind on that day, the day of receipt.

    `source` is the profile without which this would be no fault: what an insurer writes is never withheld for
    a profile's sake.
    """
    if (since := SINCE.get(code)) is not None and on < since:
        return None
    rows = _TABLE.get(code) or _TABLE.get(code.partition("-")[0]) or _TABLE[""]
    judged = rows[direction]
    if source and direction is not Direction.REQUEST and judged is _E:
        return _W
    return judged
