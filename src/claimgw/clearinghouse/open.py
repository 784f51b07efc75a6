"""Is it a message at all? From bytes to an envelope, or to a refusal with its HTTP status."""

from dataclasses import dataclass

from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import SYSTEM
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import LICENCE_SYSTEMS


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not a message we can answer as one: a bare OperationOutcome goes back under this status (spec §9.3)."""

    status: int
    findings: tuple[Finding, ...]


_STATUS = {"BV-00076": 413, "GE-00010": 422, "GE-00015": 422}


def open_message(raw: bytes) -> Envelope | Refusal:
    """The envelope, if event and both parties can be read; what is wrong with the rest is for `check`."""
    envelope = read(raw)
    fault = envelope if isinstance(envelope, Finding) else _unusable_header(envelope)
    if fault is not None:
        return Refusal(_STATUS.get(fault.code, 400), (fault,))
    assert isinstance(envelope, Envelope)
    return envelope


def _unusable_header(envelope: Envelope) -> Finding | None:
    """The first thing without which nobody could be answered."""
    head = "Bundle.entry[0].resource"
    if envelope.header_id is None:
        return Finding(
            "IC-00380", f"{head}.id", "The MessageHeader has no usable id", "Give it a new GUID in lower case"
        )
    if envelope.event is None:
        return _unknown_event(envelope, head)
    systems = " or ".join(system for system in LICENCE_SYSTEMS.values())
    if envelope.sender is None:
        return Finding(
            "GE-00010",
            f"{head}.sender",
            "The sender cannot be told",
            f"Give its licence, of system {systems}",
        )
    if envelope.receiver is None:
        return Finding(
            "GE-00015",
            f"{head}.destination[0].receiver",
            "The receiver cannot be told",
            f"Give its licence, of system {systems}",
        )
    return None


def _unknown_event(envelope: Envelope, head: str) -> Finding:
    if not isinstance(envelope.header.get("eventCoding"), dict):
        return Finding(
            "IC-00377", f"{head}.eventCoding", "The message names no event", f"Give a code of {SYSTEM}"
        )
    return Finding(
        "IB-00250", f"{head}.eventCoding", "The event is none that nphies knows", f"Give a code of {SYSTEM}"
    )
