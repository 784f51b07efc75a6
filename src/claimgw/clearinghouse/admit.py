"""May this sender send this, has it been sent before, and whither shall it go?"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from claimgw.access.callers import Caller
from claimgw.access.participants import Kind, Participant
from claimgw.access.permissions import blocked, may_send
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.open import Refusal
from claimgw.messages.encode import canonical
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Event, Leg, Way
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Licence
from claimgw.store import Unit, exchanges, messages
from claimgw.store.records import Arrival, Exchange, Focal


@dataclass(frozen=True, slots=True)
class Repeat:
    """The sender has sent this before: what is on record for it is answered, nothing is forwarded."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Collision:
    """Ids or business identifier stand for something else already."""

    finding: Finding


def admit(envelope: Envelope, caller: Caller, registry: Snapshot) -> Refusal | Event:
    """The event, if the caller may send it as this sender; otherwise why not."""
    assert envelope.event is not None
    denied = may_send(caller, str(envelope.sender), envelope.event.code, registry)
    head = "Bundle.entry[0].resource"
    if denied is not None:
        return Refusal(denied.status, (Finding(denied.code, f"{head}.sender", denied.text),))
    if not envelope.event.offered:
        finding = Finding(
            "BV-00545",
            f"{head}.eventCoding",
            "This gateway does not offer the event",
            "GET /metadata and docs list what is offered",
        )
        return Refusal(403, (finding,))
    return envelope.event


def find_destination(
    envelope: Envelope, event: Event, registry: Snapshot, *, taken: bool = False
) -> Participant | Finding | None:
    """The insurer or TPA a request goes to, or why it can go to nobody; None for what ends with us.

    `taken`: the request was accepted before, so that a drain of its lane does not concern it.
    """
    # A batch ends with us, yet its claims go on: all of them to its receiver (BV-00238).
    if event.leg is not Leg.REQUEST or (event.way is Way.GATEWAY and "Bundle" not in event.focus):
        return None
    place = "Bundle.entry[0].resource.destination[0].receiver"
    receiver = registry.participant(str(envelope.receiver))
    if receiver is None or receiver.kind is Kind.PROVIDER:
        return Finding(
            "GE-00015",
            place,
            "The receiver is no insurer or TPA of this gateway",
            "Check the licence of the payer",
        )
    if denied := blocked(receiver):
        return Finding(denied.code, place, denied.text, "Ask the insurer when it takes messages again")
    # What is never held goes on: a question, a cancellation.
    may_be_held = event.queueable or event.way is Way.GATEWAY
    if may_be_held and not taken and (drain := registry.drained(receiver.licence)) is not None:
        return Finding("GE-00012", place, "The insurer takes nothing new at the moment", drain.reason)
    return receiver


def served_by(receiver: Participant, registry: Snapshot, now: datetime) -> frozenset[Licence]:
    """The licences an insurer Organization may carry when the receiver is this one (spec §2.5)."""
    return frozenset(
        Licence.parse(insurer)
        for tpa, insurer in registry.services
        if tpa == receiver.licence and registry.serves(tpa, insurer, now.date())
    )


def digest_of(raw: bytes) -> bytes:
    """What tells whether two messages are the same, byte for byte."""
    return hashlib.sha256(raw).digest()


async def seen_before(unit: Unit, envelope: Envelope) -> Repeat | Collision | None:
    """Spec §3.4, in its order: Bundle.id, then MessageHeader.id, then the business identifier."""
    sender, bundle_id, header_id = str(envelope.sender), envelope.bundle_id, envelope.header_id
    if bundle_id is not None and header_id is not None:  # otherwise `check` says so
        for known in await messages.arrived(unit, sender, bundle_id, header_id):
            return _by_ids(known, bundle_id, header_id, digest_of(envelope.raw))
    focal = focal_of(envelope)
    held = await exchanges.by_focal(unit, sender, focal.type, focal.system, focal.value) if focal else None
    return _by_focal(held, focal, envelope) if held and focal else None


def _by_ids(known: Arrival, bundle_id: str, header_id: str, digest: bytes) -> Repeat | Collision:
    if known.bundle_id != bundle_id:
        return Collision(
            Finding(
                "BV-00532",
                "Bundle.entry[0].resource.id",
                "The MessageHeader.id was used for another message",
                "Give every message a new id; to repeat one, send it unchanged",
            )
        )
    if known.header_id != header_id:
        return Collision(
            Finding(
                "BV-00540",
                "Bundle.entry[0].resource.id",
                "The Bundle was sent before with another MessageHeader.id",
                "To repeat a message, send it unchanged",
            )
        )
    if known.digest != digest:
        return Collision(
            Finding(
                "BV-00533",
                "Bundle.id",
                "The Bundle.id was used for a message with other content",
                "Give every message a new id; to repeat one, send it unchanged",
            )
        )
    return Repeat(known.message_id)


def _by_focal(held: Exchange, focal: Focal, envelope: Envelope) -> Repeat | Collision:
    if held.focal and held.focal.digest == focal.digest:
        return Repeat(held.id)
    assert envelope.focal is not None
    return Collision(
        Finding(
            "BV-00457" if focal.type == "Claim" else "BV-00163",
            f"{envelope.focal.path}.identifier",
            "The business identifier was used for a request with other content",
            "Give every new request an identifier of its own",
        )
    )


def focal_of(envelope: Envelope) -> Focal | None:
    """What a request is known by. The digest leaves out `meta` and `created`, which a resend may renew."""
    identifier = envelope.focal_identifier
    if envelope.event is None or envelope.focal is None or identifier is None:
        return None
    if envelope.focal.type not in envelope.event.focus or envelope.focal.type == "Task":
        return None
    told = {
        key: value for key, value in envelope.focal.resource.items() if key not in ("meta", "created", "id")
    }
    return Focal(
        envelope.focal.type, identifier.system, identifier.value, hashlib.sha256(canonical(told)).digest()
    )
