"""How are a communication and a payment notice written (spec §6.7, §6.9)?"""

import base64
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from claimgw.client.cases import Case
from claimgw.client.faults import ClientFault, TooLarge
from claimgw.client.parties import Insurer, Provider
from claimgw.client.writing import concept, entry, message, party, reference
from claimgw.ids import new_id
from claimgw.messages.decode import LARGEST
from claimgw.messages.frame import instant, profile, without_none
from claimgw.messages.identifiers import CODES, GATEWAY, Identifier

_HL7 = "http://terminology.hl7.org/CodeSystem/"
_TYPES = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document: PDF or JPEG, up to 10 MB in base64 (spec §3.1). `created` is when it was made."""

    data: bytes
    title: str
    created: date
    content_type: str = "application/pdf"

    def __post_init__(self) -> None:
        """Raises TooLarge, or ClientFault for another type."""
        if self.content_type not in _TYPES.values():
            raise ClientFault(f"{self.content_type!r} may not be attached; make it a PDF or a JPEG")
        size = 4 * -(-len(self.data) // 3)
        if size > LARGEST:
            raise TooLarge(f"the attachment has {size} bytes in base64, {LARGEST} are allowed; split it")

    @classmethod
    def read(cls, file: Path, created: date) -> Self:
        """A file, its type known by its name. Raises ClientFault, or OSError if it cannot be read."""
        kind = _TYPES.get(file.suffix.lower())
        if kind is None:
            raise ClientFault(f"{file.name} is no PDF or JPEG by its name")
        return cls(file.read_bytes(), file.stem, created, kind)

    def on_the_wire(self) -> dict[str, Any]:
        """The FHIR Attachment."""
        return {
            "contentType": self.content_type,
            "data": base64.b64encode(self.data).decode(),
            "title": self.title,
            "creation": self.created.isoformat(),
        }


def communication(
    provider: Provider,
    case: Case,
    contents: tuple[str | Attachment, ...],
    now: datetime,
    *,
    reason: str | None = None,
) -> bytes:
    """Information about a case, texts and documents; the answer to `case.question` if there is one.

    `reason` is of CodeSystem communication-reason: missing-info, missing-attach, info-correct.
    Raises NotAMessage if the case has no insurer, ClientFault without contents, TooLarge.
    """
    if not contents:
        raise ClientFault("a communication says something or has something attached")
    insurer = Insurer(case.addressee)
    own, home, payer = (new_id(now) for _ in range(3))
    question = case.question
    resource = {
        "resourceType": "Communication",
        "id": own,
        "meta": profile("communication"),
        "identifier": [{"system": provider.endpoint + "/communication", "value": own}],
        "basedOn": [_named("CommunicationRequest", question)] if question else None,
        "status": "completed",
        "category": [concept(_HL7 + "communication-category", "notification")],
        "priority": "routine",
        "about": [_named(case.kind, case.identifier)],
        "sent": instant(now),
        "recipient": [reference(payer)],
        "sender": reference(home),
        "reasonCode": [concept(CODES + "communication-reason", reason)] if reason else None,
        "payload": [_payload(content) for content in contents],
    }
    entries = [without_none(resource), provider.organization(home), insurer.organization(payer)]
    return message("communication", provider.licence, insurer.licence, [entry(one) for one in entries], now)


def payment_notice(
    provider: Provider,
    payment: Identifier,
    amount: Decimal,
    paid: date,
    now: datetime,
    *,
    status: str = "paid",
) -> bytes:
    """Word that the money of a reconciliation came in, in SAR. `status` is "paid" or "cleared"."""
    own, home = new_id(now), new_id(now)
    resource = {
        "resourceType": "PaymentNotice",
        "id": own,
        "meta": profile("payment-notice"),
        "identifier": [{"system": provider.endpoint + "/payment-notice", "value": own}],
        "status": "active",
        "created": instant(now),
        "provider": reference(home),
        "payment": _named("PaymentReconciliation", payment),
        "paymentDate": paid.isoformat(),
        "payee": reference(home),
        "recipient": party(GATEWAY),
        "amount": {"value": amount, "currency": "SAR"},
        "paymentStatus": concept(_HL7 + "paymentstatus", status),
    }
    entries = [entry(resource), entry(provider.organization(home))]
    return message("payment-notice", provider.licence, GATEWAY, entries, now)


def _payload(content: str | Attachment) -> dict[str, Any]:
    if isinstance(content, Attachment):
        return {"contentAttachment": content.on_the_wire()}
    return {"contentString": content}


def _named(kind: str, identifier: Identifier) -> dict[str, Any]:
    return {"type": kind, "identifier": identifier.on_the_wire()}
