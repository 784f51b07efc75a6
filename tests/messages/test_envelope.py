"""Does the envelope say what the message says about itself, and None where it says nothing usable?"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import SYSTEM
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier, Licence, LicenceKind

FOLDER = Path(__file__).parents[3] / "shared" / "messages"

_PROVIDER = {"system": "http://nphies.sa/license/provider-license", "value": "PR-1"}
_PAYER = {"system": "http://nphies.sa/license/payer-license", "value": "INS-1"}


def _message(**header: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "id": "b-1",
        "entry": [
            {
                "fullUrl": "http://a.example/MessageHeader/1",
                "resource": {
                    "resourceType": "MessageHeader",
                    "id": "h-1",
                    "eventCoding": {"system": SYSTEM, "code": "claim-response"},
                    "sender": {"identifier": _PAYER},
                    "source": {"endpoint": "http://a.example"},
                    "destination": [{"receiver": {"reference": "Organization/2"}}],
                    "response": {"identifier": "h-0", "code": "ok"},
                    "focus": [{"reference": "http://A.example/claimresponse/3"}],
                    **header,
                },
            },
            {
                "fullUrl": "http://a.example/Organization/2",
                "resource": {"resourceType": "Organization", "identifier": [{"value": "x"}, _PROVIDER]},
            },
            {"fullUrl": "urn:uuid:junk", "resource": 7},
            {
                "fullUrl": "http://a.example/ClaimResponse/3",
                "resource": {
                    "resourceType": "ClaimResponse",
                    "identifier": [{"system": "http://a.example/r", "value": "R"}],
                    "request": {"identifier": {"system": "http://p.example/c", "value": "C"}},
                    "outcome": "queued",
                },
            },
        ],
    }


def _read(message: Any) -> Envelope:
    envelope = read(json.dumps(message).encode())
    assert isinstance(envelope, Envelope), envelope
    return envelope


def test_a_message_says_who_sends_what_to_whom_about_what() -> None:
    envelope = _read(_message())
    assert envelope.event is not None
    assert envelope.event.code == "claim-response"
    assert envelope.sender == Licence(LicenceKind.PAYER, "INS-1")
    assert envelope.receiver == Licence(LicenceKind.PROVIDER, "PR-1")
    assert (envelope.bundle_id, envelope.header_id, envelope.responds_to) == ("b-1", "h-1", "h-0")
    assert envelope.source_endpoint == "http://a.example"
    assert envelope.outcome == "queued"
    assert envelope.focal_identifier == Identifier("http://a.example/r", "R")
    assert envelope.request_identifier == Identifier("http://p.example/c", "C")


def test_the_focus_is_found_though_its_letters_are_of_the_other_case() -> None:
    focal = _read(_message()).focal
    assert focal is not None
    assert (focal.index, focal.path) == (3, "Bundle.entry[3].resource")


def test_the_bytes_are_kept() -> None:
    raw = b" " + json.dumps(_message(), indent=3).encode() + b"\n"
    envelope = read(raw)
    assert isinstance(envelope, Envelope)
    assert envelope.raw is raw


@pytest.mark.parametrize(
    ("message", "code", "place"),
    [
        ([], "BV-00220", "Bundle"),
        ("Bundle", "BV-00220", "Bundle"),
        ({"resourceType": "Claim"}, "BV-00220", "Bundle"),
        ({"resourceType": "Bundle"}, "BV-00126", "Bundle.entry"),
        ({"resourceType": "Bundle", "entry": []}, "BV-00126", "Bundle.entry"),
        ({"resourceType": "Bundle", "entry": {"resource": {}}}, "BV-00126", "Bundle.entry"),
        ({"resourceType": "Bundle", "entry": [None]}, "BV-00126", "Bundle.entry[0].resource"),
        (
            {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Claim"}}]},
            "BV-00126",
            "Bundle.entry[0].resource",
        ),
    ],
)
def test_what_has_no_header_is_no_message(message: Any, code: str, place: str) -> None:
    finding = read(json.dumps(message).encode())
    assert isinstance(finding, Finding)
    assert (finding.code, finding.path) == (code, place)


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [7], {"code": 7}, [{"reference": 7}]])
def test_what_cannot_be_read_in_the_header_is_none(junk: Any) -> None:
    keys = ("eventCoding", "sender", "source", "destination", "response", "focus", "id")
    envelope = _read(_message(**dict.fromkeys(keys, junk)))
    assert (envelope.event, envelope.sender, envelope.receiver, envelope.focal) == (None, None, None, None)
    assert (envelope.responds_to, envelope.source_endpoint, envelope.outcome) == (None, None, None)
    assert (envelope.focal_identifier, envelope.request_identifier) == (None, None)


def test_an_event_counts_only_in_its_system_and_spelling() -> None:
    for coding in ({"code": "claim-response"}, {"system": SYSTEM, "code": "Claim-Response"}):
        assert _read(_message(eventCoding=coding)).event is None


def test_entries_that_hold_no_resource_keep_the_count() -> None:
    assert [entry.index for entry in _read(_message()).entries] == [0, 1, 3]


@given(st.binary(max_size=100))
def test_any_bytes_give_an_envelope_or_the_reason_why_not(raw: bytes) -> None:
    assert isinstance(read(raw), Finding)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the real messages are not beside the repository")
def test_every_real_message_says_who_sends_what_to_whom() -> None:
    for file in FOLDER.glob("*.json"):
        envelope = read(file.read_bytes())
        assert isinstance(envelope, Envelope), file
        assert envelope.event, file
        assert envelope.sender, file
        assert envelope.receiver, file
        assert envelope.raw == file.read_bytes()
