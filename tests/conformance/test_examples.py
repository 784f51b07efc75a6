"""Is each written example what its name says, and do requests and answers belong together?"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from claimgw.conformance import check, direction_of
from claimgw.messages.envelope import Envelope, inner, read
from claimgw.messages.events import EVENTS
from claimgw.messages.findings import errors
from claimgw.messages.identifiers import GATEWAY

_FOLDER = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)

# In the code list, but sent by nobody: to strike out is a cancel-request too (spec C-18).
_NEVER_SENT = {"nullify-request"}


def _messages() -> list[Path]:
    """At both versions; faults/ holds patches, no messages."""
    return sorted(_FOLDER.rglob("*.json"))


@cache
def _read(file: Path) -> Envelope:
    envelope = read(file.read_bytes())
    assert isinstance(envelope, Envelope), file
    return envelope


def _event(envelope: Envelope) -> str:
    assert envelope.event is not None
    return envelope.event.code


def _exchanges() -> Iterator[tuple[Envelope, Envelope]]:
    """Each request or notice with each answer to it."""
    asked = {envelope.header_id: envelope for envelope in map(_read, _messages())}
    for answer in asked.values():
        if (request := asked.get(answer.responds_to)) is not None:
            yield request, answer


def _with_members(envelope: Envelope) -> Iterator[Envelope]:
    """The message, and those that a batch holds; what a poll brings is known from elsewhere."""
    yield envelope
    if _event(envelope).startswith("batch-"):
        for entry in envelope.entries[1:]:
            member = inner(entry.resource)
            assert isinstance(member, Envelope)
            yield member


@pytest.mark.parametrize("file", _messages(), ids=lambda file: str(file.relative_to(_FOLDER)))
def test_an_example_is_valid_unless_it_is_called_refused(file: Path) -> None:
    envelope = _read(file)
    found = check(envelope, NOW, direction=direction_of(envelope.event), all_stages=True)
    assert bool(errors(found)) == ("refused" in file.stem)


def test_every_event_that_is_answered_has_an_example_of_both() -> None:
    answered = {(_event(request), _event(answer)) for request, answer in _exchanges()}
    assert answered == {
        (event.code, event.reply)
        for event in EVENTS.values()
        if event.reply is not None and event.code not in _NEVER_SENT
    }


def test_an_answer_goes_back_to_whoever_asked_and_comes_later() -> None:
    for request, answer in _exchanges():
        name = f"{_event(answer)} {answer.header_id}"
        assert answer.receiver == request.sender, name
        assert answer.sender in (request.receiver, GATEWAY), name
        came, went = (datetime.fromisoformat(one.bundle["timestamp"]) for one in (request, answer))
        assert came < went < NOW, name


def test_no_message_has_the_id_of_another() -> None:
    messages = [member for file in _messages() for member in _with_members(_read(file))]
    for ids in ([one.bundle_id for one in messages], [one.header_id for one in messages]):
        assert [known for known, count in Counter(ids).items() if count > 1] == []


def test_every_example_stands_in_the_readme() -> None:
    readme = (_FOLDER / "README.md").read_text()
    assert [file.name for file in _messages() if file.name not in readme] == []
