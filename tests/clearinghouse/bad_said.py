"""What do parties say of earlier messages in the tests of bad input? Sound in itself, whatever it names."""

import json
from typing import Any

from tests.clearinghouse.bad_world import claim, focal_of, message, named
from tests.clearinghouse.spoken import Json

_SD = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/"
_CS = "http://nphies.sa/terminology/CodeSystem/"
NULLIFY = {"coding": [{"system": f"{_CS}task-code", "code": "nullify"}]}
AUTHORIZATION = "priorauth-request-professional"


def cancelling(target: Json, **parties: Any) -> bytes:
    return message("cancel-request", focus=target, **parties)


def nullifying(target: Json, **parties: Any) -> bytes:
    return message("cancel-request-nullify", focus=target, **parties)


def checking(target: Json, **parties: Any) -> bytes:
    return message("status-check", focus=target, **parties)


def writing(target: Json, based_on: Json | None = None, **parties: Any) -> bytes:
    return message("communication", about=[target], basedOn=[based_on] if based_on else None, **parties)


def asking_about(target: Json, **parties: Any) -> bytes:
    return message("communication-request", about=[target], **parties)


def noticing(payment: Json, **more: Any) -> bytes:
    return message("payment-notice", payment=payment, **more)


def paying(claimed: Json, answer: Json, *, day: str = "2026-11-01", **parties: Any) -> bytes:
    """A payment of that claim by that answer, which was given that day."""
    [detail] = focal_of(message("payment-reconciliation", **parties))["detail"]
    detail |= {"request": claimed, "response": answer, "date": day}
    dated: Json = {
        "created": "2026-11-01T10:30:00+03:00",
        "paymentDate": "2026-11-01",
        "period": {"start": "2026-10-01", "end": "2026-10-31"},
    }
    return message("payment-reconciliation", detail=[detail], **dated, **parties)


def resubmitting(original: Json, **parties: Any) -> bytes:
    """A claim that carries that one on."""
    prior = {"coding": [{"system": f"{_CS}related-claim-relationship", "code": "prior"}]}
    return claim(related=[{"claim": original, "relationship": prior}], **parties)


def authorizing_again(original: Json, **parties: Any) -> bytes:
    prior = {"coding": [{"system": f"{_CS}related-claim-relationship", "code": "prior"}]}
    return message(AUTHORIZATION, related=[{"claim": original, "relationship": prior}], **parties)


def relying_on(name: str, answer: Json, *, number: str | None = None, **parties: Any) -> bytes:
    """A claim that quotes an answer: `name` is eligibility-response or priorauth-response."""
    tree = focal_of(claim(**parties))
    quoted = {"url": f"{_SD}extension-{name}", "valueReference": answer}
    numbered = [{**one, "preAuthRef": [number]} if number else one for one in tree["insurance"]]
    return claim(extension=[*tree["extension"], quoted], insurance=numbered, **parties)


def granting(number: str, *, name: str = "advanced-authorization", **parties: Any) -> bytes:
    """An advanced authorization under that number."""
    return message(name, preAuthRef=number, **parties)


def late_on_cancellation(request: bytes, **changes: Any) -> bytes:
    """The insurer's word on a cancellation, as a message of its own."""
    raw = message("cancel-response", focus=focal_of(request)["focus"], **changes)
    tree = json.loads(raw)
    del tree["entry"][0]["resource"]["response"]
    return json.dumps(tree).encode()


def paid_for(request: bytes, answer: bytes, **parties: Any) -> bytes:
    """A payment of what was claimed and answered so."""
    return paying(named(request), named(answer), **parties)
