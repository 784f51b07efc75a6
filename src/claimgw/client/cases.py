"""What is a message about: which claim or authorization, before which insurer, which question of it?"""

from dataclasses import dataclass
from typing import Any

from claimgw.client.faults import NotAMessage
from claimgw.client.reading import objects, part
from claimgw.messages.envelope import Entry, Envelope, read
from claimgw.messages.identifiers import Identifier, Licence, LicenceKind


@dataclass(frozen=True, slots=True)
class Case:
    """A claim or authorization by its business identifier, as cancellations, checks and answers name it.

    `kind` is "Claim", or "ClaimResponse" for an authorization the insurer gave unasked. `insurer` is the
    insurer or TPA that has it; `question` what it asked, by the CommunicationRequest's identifier.
    """

    identifier: Identifier
    insurer: Licence | None = None
    kind: str = "Claim"
    question: Identifier | None = None

    @classmethod
    def of(cls, message: bytes | Envelope) -> "Case":
        """The case of a claim or authorization that was sent, of an answer to one, or of a question.

        Where a TPA acts for the insurer, take it from the claim: an answer that the gateway wrote does not
        name the TPA. Raises NotAMessage.
        """
        found = case_of(opened(message))
        if found is None:
            raise NotAMessage("the message is about no claim or authorization")
        return found

    @property
    def addressee(self) -> Licence:
        """The insurer. Raises NotAMessage if it is not known."""
        if self.insurer is None:
            raise NotAMessage("the case does not say which insurer has it; make it with Case.of(the claim)")
        return self.insurer


def opened(message: bytes | Envelope) -> Envelope:
    """A message that was read or has yet to be. Raises NotAMessage."""
    envelope = read(message) if isinstance(message, bytes) else message
    if not isinstance(envelope, Envelope):
        raise NotAMessage(f"this is no message: {envelope.text}")
    return envelope


def focal(message: bytes | Envelope, kind: str) -> dict[str, Any]:
    """The focal resource of a message, which must be of that type. Raises NotAMessage."""
    found = opened(message).focal
    if found is None or found.type != kind:
        raise NotAMessage(f"the message has no {kind} in its focus")
    return found.resource


def case_of(envelope: Envelope) -> Case | None:
    """As `Case.of`; None for a message that is about no claim or authorization."""
    focal = envelope.focal
    insurer = _payer(envelope)
    match focal.type if focal else None:
        case "Claim":
            return _case(envelope.focal_identifier, insurer)
        case "ClaimResponse":
            asked = envelope.request_identifier
            question = _asked_inside(envelope)
            if asked is None:  # given unasked (spec §6.10)
                return _case(envelope.focal_identifier, insurer, "ClaimResponse", question)
            return _case(asked, insurer, "Claim", question)
        case "CommunicationRequest":
            about = next(objects(part(_resource(focal), "about")), {})
            return _named(about, insurer, envelope.focal_identifier)
        case "Communication":
            return _named(next(objects(part(_resource(focal), "about")), {}), insurer)
        case "Task":
            return _named(part(_resource(focal), "focus"), insurer)
        case _:
            return None


def _case(
    identifier: Identifier | None,
    insurer: Licence | None,
    kind: str = "Claim",
    question: Identifier | None = None,
) -> Case | None:
    return Case(identifier, insurer, kind, question) if identifier else None


def _named(reference: Any, insurer: Licence | None, question: Identifier | None = None) -> Case | None:
    kind = part(reference, "type")
    return _case(
        Identifier.of(part(reference, "identifier")),
        insurer,
        kind if isinstance(kind, str) else "Claim",
        question,
    )


def _payer(envelope: Envelope) -> Licence | None:
    """The end of the message that is an insurer; if the gateway wrote it, whom it names as insurer."""
    for end in (envelope.receiver, envelope.sender):
        if end is not None and end.kind is LicenceKind.PAYER:
            return end
    return envelope.party(_resource(envelope.focal).get("insurer"), envelope.focal)


def _asked_inside(envelope: Envelope) -> Identifier | None:
    """The question that came inside an answer (spec §0.3 item 13)."""
    for reference in objects(_resource(envelope.focal).get("communicationRequest")):
        found = envelope.find(reference.get("reference"), envelope.focal)
        if found is not None and (named := Identifier.first(found.resource.get("identifier"))):
            return named
    return None


def _resource(entry: Entry | None) -> dict[str, Any]:
    return entry.resource if entry else {}
