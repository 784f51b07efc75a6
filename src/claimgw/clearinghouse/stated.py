"""What does a message of an insurer state, that later messages may refer to? Pure."""

from decimal import Decimal, InvalidOperation
from typing import Any

from claimgw.conformance.case import codes_at, extensions_at, items_at, object_at, text_at
from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import Identifier, LicenceKind
from claimgw.store.records import Said

_LONGEST = {"outcome": 20, "adjudication": 20, "authorization": 255, "created": 40, "amount": 40}


def stated(
    message: Envelope, message_id: str, *, provider: str, insurer: str, exchange_id: str | None
) -> list[Said]:
    """A row for the focal resource, and one for the question that an answer holds (spec §0.3 item 13).

    An acknowledgement states nothing.
    """
    event, focal = message.event, message.focal
    if event is None or focal is None or focal.type == "OperationOutcome":
        return []

    def said(position: int, kind: str, resource: dict[str, Any], **more: str | None) -> Said:
        named = Identifier.first(resource.get("identifier"))
        return Said(
            message_id=message_id,
            position=position,
            exchange_id=exchange_id if position == 0 else None,
            provider=provider,
            insurer=insurer,
            event=event.code,
            type=kind if named else None,
            system=named.system if named else None,
            value=named.value if named else None,
            by_gateway=message.sender is not None and message.sender.kind is LicenceKind.GATEWAY,
            **{name: _fitting(name, value) for name, value in more.items()},
        )

    rows = [said(0, focal.type, focal.resource, **_facts(focal.resource))]
    for asked in items_at(focal.resource, "communicationRequest"):
        question = message.find(text_at(asked, "reference"), focal)
        if question is not None and question.type == "CommunicationRequest":
            rows.append(said(len(rows), question.type, question.resource))
    return rows


def _facts(resource: dict[str, Any]) -> dict[str, str | None]:
    outcome = "status" if resource.get("resourceType") == "Task" else "outcome"
    return {
        "outcome": text_at(resource, outcome),
        "adjudication": adjudication(resource),
        "authorization": text_at(resource, "preAuthRef"),
        "created": text_at(resource, "created"),
        "amount": _amount(resource),
    }


def adjudication(resource: dict[str, Any]) -> str | None:
    """The code of extension-adjudication-outcome: approved, rejected, partial, pended, not-required."""
    for _, extension in extensions_at(resource, "adjudication-outcome"):
        for _, code in codes_at(extension, "valueCodeableConcept"):
            return code
    return None


def reissue(resource: dict[str, Any]) -> str | None:
    """The code of extension-adjudication-reissue: why an answer is given again."""
    for _, extension in extensions_at(resource, "adjudication-reissue"):
        for _, code in codes_at(extension, "valueCodeableConcept"):
            return code
    return None


def _amount(resource: dict[str, Any]) -> str | None:
    """What is paid: of a payment its amount, of an answer the total of category `benefit`."""
    if (paid := object_at(resource, "paymentAmount")) is not None:
        return _money(paid.get("value"))
    for total in items_at(resource, "total"):
        if ("benefit") in (code for _, code in codes_at(total, "category")):
            return _money((object_at(total, "amount") or {}).get("value"))
    return None


def _money(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        return f"{Decimal(value):f}" if Decimal(value).adjusted() < 20 else None
    except InvalidOperation:
        return None


def _fitting(name: str, value: str | None) -> str | None:
    """What can be kept: nothing of an answer that was taken is longer, and a longer one names nothing."""
    return value if value is not None and len(value) <= _LONGEST[name] and value.isprintable() else None
