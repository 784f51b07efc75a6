"""May this caller send this event as this sender?"""

from dataclasses import dataclass
from typing import assert_never

from claimgw.access.callers import Caller
from claimgw.access.participants import Kind, Participant
from claimgw.access.registry import Snapshot
from claimgw.messages.events import EVENTS, Event, Leg
from claimgw.messages.identifiers import LicenceKind


@dataclass(frozen=True, slots=True)
class Denied:
    """A refusal: the nphies code, what to tell the caller, the HTTP status (spec §9.3)."""

    code: str
    text: str
    status: int


# One text for every kind of stranger: whether a credential was ever good is nobody's business outside.
UNIDENTIFIED = Denied(
    "GE-00019",
    "No usable credential came with this request: send a valid API key as 'Authorization: Bearer …',"
    " or connect with a registered client certificate",
    401,
)


def may_send(caller: Caller, sender: str, event: str, registry: Snapshot) -> Denied | None:
    """None if it may. `sender` is the licence of the message's header, `event` the code of its event.

    The sender is judged first, so that nobody learns anything about licences that are not theirs.
    """
    if sender not in caller.licences:
        return Denied("GE-00020", "The sender in the message header is not who is calling", 403)
    participant = registry.participant(sender)
    if participant is None:
        return Denied("BV-00196", "The sender's account is not active", 403)
    return blocked(participant) or _not_for(participant, event)


def blocked(participant: Participant) -> Denied | None:
    """The refusal for a blocked participant, be it the sender or the receiver; None if it is not blocked."""
    if not participant.blocked:
        return None
    match participant.kind:
        case Kind.PROVIDER:
            return Denied("GE-00030", "The provider's account is blocked", 403)
        case Kind.INSURER | Kind.TPA:
            return Denied("GE-00029", "The account of the insurer or TPA is blocked", 403)
    assert_never(participant.kind)


def _not_for(participant: Participant, event: str) -> Denied | None:
    known = EVENTS.get(event)
    if known is None or not _starts(participant.kind, known):
        return Denied("BV-00545", "The sender is not of a kind that may send this event", 403)
    if participant.events is not None and event not in participant.events:
        return Denied("BV-00545", "The sender is not authorised for this event", 403)
    return None


def _starts(kind: Kind, event: Event) -> bool:
    """Spec §1.3: providers send requests; insurers and TPAs late answers and what they start themselves."""
    match kind:
        case Kind.PROVIDER:
            return event.sender is LicenceKind.PROVIDER and event.leg is Leg.REQUEST
        case Kind.INSURER | Kind.TPA:
            return event.sender is LicenceKind.PAYER and (event.leg is Leg.NOTICE or event.deferrable)
    assert_never(kind)
