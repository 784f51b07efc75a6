"""What of earlier does a message mention? Read before the memory is asked; kept so that it can be asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from claimgw.conformance.case import codes_at, extensions_at, items_at, objects_at, text_at
from claimgw.conformance.memory import Key
from claimgw.messages.envelope import Entry, Envelope, inner
from claimgw.messages.identifiers import Identifier, LicenceKind

# What a provider writes, so that a reference to it names a request; all else an insurer has said.
_REQUESTS = frozenset({"Claim", "CoverageEligibilityRequest"})
_CANCELLING = ("cancel-request", "cancel-response")
# What a Task or a communication may be about; what else they name is another fault.
_TARGETS = frozenset({"Claim", "ClaimResponse", "CommunicationRequest"})


@dataclass(frozen=True, slots=True)
class Mentions:
    """Business identifiers, by what they name; each once, in the order of the text.

    `relations` are kind, system and value: what requests have in common ("episode", "invoice", "encounter",
    "service": an invoice and the code of what is charged under it, "batch", "patient": a digest, never the
    number), and what they refer to ("prior": a claim that is sent anew, "related": one that is not,
    "authorization": a number, of no system, "answers": a question,
    "cancels": a claim or an advanced authorization).
    """

    requests: tuple[Key, ...] = ()
    statements: tuple[Key, ...] = ()
    authorizations: tuple[str, ...] = ()
    relations: tuple[tuple[str, str, str], ...] = ()


Relation = tuple[str, str, str]
Service = tuple[str, str]
# As long as a column that keeps it.
_LONGEST = 255
# A business identifier with its type, a number that an insurer gave, a relation.
_Mention = Key | str | Relation


def mentions(envelope: Envelope) -> Mentions:
    """All that is mentioned by the focal resource; of a batch, which batch it is. Never raises.

    The messages of a batch are asked one by one.
    """
    found = dict.fromkeys(_mentioned(envelope))
    keys = [one for one in found if isinstance(one, Key)]
    return Mentions(
        requests=tuple(key for key in keys if key.type in _REQUESTS),
        statements=tuple(key for key in keys if key.type not in _REQUESTS),
        authorizations=tuple(one for one in found if isinstance(one, str)),
        relations=tuple(one for one in found if isinstance(one, tuple) and not isinstance(one, Key)),
    )


def named(envelope: Envelope, reference: Any, near: Entry | None) -> Identifier | None:
    """The business identifier a Reference gives, or that of the entry it leads to."""
    if not isinstance(reference, dict):
        return None
    if identifier := Identifier.of(reference.get("identifier")):
        return identifier
    entry = envelope.find(reference.get("reference"), near)
    return Identifier.first(entry.resource.get("identifier")) if entry else None


def patient_of(envelope: Envelope) -> Relation | None:
    """Whom the focal resource is about, as a digest that differs from provider to provider."""
    focal = envelope.focal
    provider = next(
        (one for one in (envelope.sender, envelope.receiver) if one and one.kind is LicenceKind.PROVIDER),
        None,
    )
    if focal is None or provider is None:
        return None
    patient = named(envelope, focal.resource.get("patient") or focal.resource.get("subject"), focal)
    if patient is None:
        return None
    # None of them holds a line feed, so no two patients give one text.
    text = f"{provider}\n{patient.system}\n{patient.value}"
    return "patient", "sha-256", sha256(text.encode()).hexdigest()


def encounter_of(envelope: Envelope) -> Identifier | None:
    """The business identifier of the encounter that the focal claim is about."""
    focal = envelope.focal
    for _, extension in extensions_at(focal.resource, "encounter") if focal else ():
        return named(envelope, extension.get("valueReference"), focal)
    return None


def extended(resource: Any, name: str) -> Identifier | None:
    """The identifier in the nphies extension of that name."""
    return next(
        filter(None, (Identifier.of(one.get("valueIdentifier")) for _, one in extensions_at(resource, name))),
        None,
    )


def services_of(item: Any) -> list[Service]:
    """What an item charges for, as system and code: each coding of its productOrService that is whole."""
    return [(system, code) for system, code in codes_at(item, "productOrService") if system and code]


def charged(invoice: Identifier, service: Service) -> Relation:
    """A service under a patient invoice; the system of its code adds nothing that would tell two apart."""
    return "service", invoice.system, f"{invoice.value} {service[1]}"[:_LONGEST]


def _mentioned(envelope: Envelope) -> Iterator[_Mention]:
    if envelope.event is not None and envelope.event.code == "batch-request":
        for entry in envelope.entries[1:]:
            if entry.type == "Bundle" and isinstance(member := inner(entry.resource), Envelope):
                focal = member.focal.resource if member.focal else None
                yield from _relation("batch", extended(focal, "batch-identifier"))
        return
    yield from _of_focal(envelope)


def _of_focal(envelope: Envelope) -> Iterator[_Mention]:
    focal = envelope.focal
    if focal is None:
        return
    if read := _READERS.get(focal.type):
        yield from read(envelope, focal)
    if patient := patient_of(envelope):
        yield patient


def _of_claim(envelope: Envelope, claim: Entry) -> Iterator[_Mention]:
    for _, related in objects_at(claim.resource, "related"):
        yield from _key(envelope, related.get("claim"), claim, "Claim")
        anew = "prior" in {code for _, code in codes_at(related, "relationship")}
        yield from _relation("prior" if anew else "related", named(envelope, related.get("claim"), claim))
    for name, kind in (
        ("eligibility-response", "CoverageEligibilityResponse"),
        ("priorauth-response", "ClaimResponse"),
    ):
        for _, extension in extensions_at(claim.resource, name):
            yield from _key(envelope, extension.get("valueReference"), claim, kind)
    for _, insurance in objects_at(claim.resource, "insurance"):
        for number in filter(_number, items_at(insurance, "preAuthRef")):
            yield number
            yield "authorization", "", number
    yield from _relation("episode", extended(claim.resource, "episode"))
    yield from _relation("batch", extended(claim.resource, "batch-identifier"))
    yield from _relation("encounter", encounter_of(envelope))
    for _, item in objects_at(claim.resource, "item"):
        if (invoice := extended(item, "patientInvoice")) is not None:
            yield from _relation("invoice", invoice)
            for service in services_of(item):
                yield charged(invoice, service)


def _of_claim_response(envelope: Envelope, answer: Entry) -> Iterator[_Mention]:
    yield from _key(envelope, answer.resource.get("request"), answer, "Claim")
    if (number := text_at(answer.resource, "preAuthRef")) and _number(number):
        yield number


def _of_eligibility_response(envelope: Envelope, answer: Entry) -> Iterator[_Mention]:
    yield from _key(envelope, answer.resource.get("request"), answer, "CoverageEligibilityRequest")


def _of_task(envelope: Envelope, task: Entry) -> Iterator[_Mention]:
    focus = task.resource.get("focus")
    yield from _typed(envelope, focus, task)
    if envelope.event is not None and envelope.event.code in _CANCELLING:
        yield from _relation("cancels", named(envelope, focus, task))


def _of_communication(envelope: Envelope, communication: Entry) -> Iterator[_Mention]:
    for about in items_at(communication.resource, "about"):
        yield from _typed(envelope, about, communication)
    for asked in items_at(communication.resource, "basedOn"):
        yield from _key(envelope, asked, communication, "CommunicationRequest")
        yield from _relation("answers", named(envelope, asked, communication))


def _of_reconciliation(envelope: Envelope, payment: Entry) -> Iterator[_Mention]:
    for _, detail in objects_at(payment.resource, "detail"):
        yield from _key(envelope, detail.get("request"), payment, "Claim")
        yield from _key(envelope, detail.get("response"), payment, "ClaimResponse")


def _of_notice(envelope: Envelope, notice: Entry) -> Iterator[_Mention]:
    yield from _key(envelope, notice.resource.get("payment"), notice, "PaymentReconciliation")


_READERS: Mapping[str, Callable[[Envelope, Entry], Iterator[_Mention]]] = {
    "Claim": _of_claim,
    "ClaimResponse": _of_claim_response,
    "CoverageEligibilityResponse": _of_eligibility_response,
    "Task": _of_task,
    "Communication": _of_communication,
    "CommunicationRequest": _of_communication,
    "PaymentReconciliation": _of_reconciliation,
    "PaymentNotice": _of_notice,
}


def target_of(envelope: Envelope, reference: Any, near: Entry) -> Key | None:
    """What a Reference that says its type names; without a type, a claim."""
    identifier = named(envelope, reference, near)
    kind = text_at(reference, "type") or "Claim"
    return Key.of(kind, identifier) if identifier and kind in _TARGETS else None


def _typed(envelope: Envelope, reference: Any, near: Entry) -> Iterator[Key]:
    if target := target_of(envelope, reference, near):
        yield target


def _key(envelope: Envelope, reference: Any, near: Entry, kind: str) -> Iterator[Key]:
    if identifier := named(envelope, reference, near):
        yield Key.of(kind, identifier)


def _relation(kind: str, identifier: Identifier | None) -> Iterator[Relation]:
    if identifier is not None:
        yield kind, identifier.system, identifier.value


def _number(text: Any) -> bool:
    """Whether it can be the number of an authorization: text that can be kept, as an identifier can."""
    return Identifier.of({"system": "preAuthRef", "value": text}) is not None
