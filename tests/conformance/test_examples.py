"""Is each written example what its name says, and do requests and answers belong together?"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
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

_FILE = re.compile(r"[\w/.-]+\.json")
_WAY = re.compile(r"[\w-]+ → ")

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


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the README's tables."""

    file: str
    event: str | None
    sender: str
    receiver: str
    answers: str | None


def _rows() -> Iterator[_Row]:
    for line in (_FOLDER / "README.md").read_text().splitlines():
        if "→" in line and (file := _FILE.search(line)):
            cells = [cell.strip(" `") for cell in line.split("|")]
            [way] = [cell.split(",")[0].split(" → ") for cell in cells if _WAY.match(cell)]
            listed = cells[2] in EVENTS
            answers = cells[5] if listed and cells[5].endswith(".json") and " " not in cells[5] else None
            yield _Row(file[0], cells[2] if listed else None, way[0], way[-1], answers)


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


@pytest.mark.parametrize("row", list(_rows()), ids=lambda row: row.file)
def test_the_readme_says_truly_who_sends_what_to_whom(row: _Row) -> None:
    message = _read(_FOLDER / row.file)
    assert row.event in (None, _event(message))
    parties = [party.value if party else None for party in (message.sender, message.receiver)]
    assert parties == [row.sender.replace("gateway", "NPHIES"), row.receiver.replace("gateway", "NPHIES")]
    if row.answers:
        asked = _read(_FOLDER / row.answers)
        # An insurer's late answer names the claim, not its message.
        assert message.responds_to in (None, asked.header_id)
        assert message.responds_to or message.request_identifier == asked.focal_identifier
