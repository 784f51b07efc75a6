"""Do the rules about answers let pass what insurers really answered to requests that are on record?"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

import pytest

from claimgw.conformance import check
from claimgw.conformance.history.remembered import remember
from claimgw.conformance.severity import direction_of
from claimgw.messages.envelope import Envelope, inner, read
from claimgw.messages.events import Leg
from claimgw.messages.identifiers import GATEWAY
from claimgw.messages.tags import written_by_gateway
from tests.conformance.real_messages import files, needed, raw

pytestmark = needed
# Samples of before 2024 leave out what has become a rule since.
_SINCE = "2024"


@cache
def _requests() -> dict[str, Envelope]:
    """By header id; members of batches too."""
    found = {}
    for file in files("*-request-*.json", "status-check-*.json"):
        message = read(raw(file))
        assert isinstance(message, Envelope)
        for one in (message, *_members(message)):
            if one.event and one.event.leg is Leg.REQUEST and one.header_id:
                found[one.header_id] = one
    return found


def _members(message: Envelope) -> Iterator[Envelope]:
    for entry in message.entries:
        if entry.type == "Bundle" and isinstance(member := inner(entry.resource), Envelope):
            yield member


def _answers() -> Iterator[tuple[str, Envelope]]:
    for file in files("*-response-*.json"):
        answer = read(raw(file))
        assert isinstance(answer, Envelope)
        if answer.responds_to in _requests() and _is_an_insurers(answer):
            yield file, answer


def _is_an_insurers(answer: Envelope) -> bool:
    written = written_by_gateway(answer.bundle, answer.focal.resource if answer.focal else None)
    timestamp: str = answer.bundle["timestamp"]
    return answer.sender != GATEWAY and not written and timestamp >= _SINCE


@pytest.mark.parametrize("answer", [pytest.param(one, id=file) for file, one in _answers()])
def test_what_an_insurer_really_answered_fits_its_request(answer: Envelope) -> None:
    request = _requests()[answer.responds_to or ""]
    found = check(
        answer,
        datetime.fromisoformat(answer.bundle["timestamp"]),
        direction=direction_of(answer.event),
        memory=remember([request], answer),
    )
    assert found == []


def test_there_are_such_answers() -> None:
    assert len([*_answers()]) >= 5
