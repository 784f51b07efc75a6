"""Which requests do the tests of the sandbox send? Small ones, made here, with every number under control."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from claimgw.clock import ManualClock

Json = dict[str, Any]
START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
INSURER = "7000911508"
PROVIDER = "10000300220"
SD = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/"
CS = "http://nphies.sa/terminology/CodeSystem/"
HOME = "http://clinic.example/fhir"

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)


def encode(message: Json) -> bytes:
    return _ENCODER.encode(message)


def decode(message: bytes) -> Json:
    decoded: Json = _DECODER.decode(message)
    return decoded


def sar(value: str) -> Json:
    return {"value": Decimal(value), "currency": "SAR"}


def item(
    sequence: int,
    net: str = "115.00",
    tax: str = "15.00",
    quantity: int = 1,
    details: Iterable[Json] = (),
    package: bool = False,
) -> Json:
    made: Json = {
        "sequence": sequence,
        "extension": [
            {"url": SD + "extension-package", "valueBoolean": package},
            {"url": SD + "extension-tax", "valueMoney": sar(tax)},
            {
                "url": SD + "extension-patientInvoice",
                "valueIdentifier": {"system": "http://clinic.example/invoice", "value": f"INV-{sequence}"},
            },
        ],
        "productOrService": {"coding": [{"system": CS + "services", "code": "83600-00-10"}]},
        "servicedDate": "2026-02-27",
        "quantity": {"value": quantity},
        "unitPrice": sar("100.00"),
        "net": sar(net),
    }
    return made | ({"detail": list(details)} if details else {})


def detail(sequence: int, net: str, tax: str = "0.00") -> Json:
    return {
        "sequence": sequence,
        "extension": [{"url": SD + "extension-tax", "valueMoney": sar(tax)}],
        "productOrService": {"coding": [{"system": CS + "services", "code": "83600-00-20"}]},
        "quantity": {"value": 1},
        "unitPrice": sar(net),
        "net": sar(net),
    }


def claim(identifier: str, use: str = "claim", items: Iterable[Json] | None = None, **more: Any) -> Json:
    return {
        "resourceType": "Claim",
        "id": "c1",
        "identifier": [{"system": "http://clinic.example/claim", "value": identifier}],
        "status": "active",
        "type": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]
        },
        "subType": {"coding": [{"system": CS + "claim-subtype", "code": "op"}]},
        "use": use,
        "patient": {"reference": "Patient/p1"},
        "created": "2026-02-28",
        "insurer": {"reference": f"{HOME}/Organization/o2"},
        "provider": {"reference": f"{HOME}/Organization/o1"},
        "priority": {"coding": [{"code": "normal"}]},
        "careTeam": [{"sequence": 1, "provider": {"reference": f"{HOME}/Practitioner/d1"}}],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": f"{HOME}/Coverage/v1"}}],
        "item": list(items) if items is not None else [item(1), item(2, "57.50", "7.50", 3)],
        **more,
    }


def _organization(id_: str, system: str, licence: str, kind: str) -> Json:
    return {
        "resourceType": "Organization",
        "id": id_,
        "identifier": [{"system": f"http://nphies.sa/license/{system}-license", "value": licence}],
        "active": True,
        "type": [{"coding": [{"system": CS + "organization-type", "code": kind}]}],
        "name": f"Organization {id_}",
    }


def _party(system: str, licence: str) -> Json:
    identifier = {"system": f"http://nphies.sa/license/{system}-license", "value": licence}
    return {"type": "Organization", "identifier": identifier}


def header(event: str, header_id: str, receiver: str = INSURER) -> Json:
    return {
        "resourceType": "MessageHeader",
        "id": header_id,
        "eventCoding": {"system": CS + "ksa-message-events", "code": event},
        "destination": [{"endpoint": "http://insurer.test/in", "receiver": _party("payer", receiver)}],
        "sender": _party("provider", PROVIDER),
        "source": {"endpoint": "http://clinic.test/out"},
        "focus": [{"reference": f"{HOME}/Claim/c1"}],
    }


def bundle(event: str, focus: Json, header_id: str | None = None, receiver: str = INSURER) -> Json:
    resources = [
        focus,
        {"resourceType": "Patient", "id": "p1", "managingOrganization": {"reference": "Organization/o1"}},
        {
            "resourceType": "Coverage",
            "id": "v1",
            "status": "active",
            "subscriber": {"reference": "Patient/p2"},
            "beneficiary": {"reference": "Patient/p1"},
            "payor": [{"reference": f"{HOME}/organization/O2"}],
        },
        {"resourceType": "Patient", "id": "p2"},
        _organization("o1", "provider", PROVIDER, "prov"),
        _organization("o2", "payer", receiver, "ins"),
        {"resourceType": "Practitioner", "id": "d1"},
    ]
    head = header(event, header_id or str(uuid.uuid4()), receiver)
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "type": "message",
        "timestamp": "2026-03-01T09:00:00+03:00",
        "entry": [
            {"fullUrl": f"urn:uuid:{head['id']}", "resource": head},
            *({"fullUrl": f"{HOME}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources),
        ],
    }


def claim_request(ending: str = "", **more: Any) -> bytes:
    """A claim of two items whose identifier ends in that behaviour, as bytes."""
    identifier = f"CLM-{uuid.uuid4().hex[:8]}" + (f"-{ending}" if ending else "")
    return encode(bundle("claim-request", claim(identifier), **more))


def authorization_request(ending: str = "", **more: Any) -> bytes:
    identifier = f"PA-{uuid.uuid4().hex[:8]}" + (f"-{ending}" if ending else "")
    return encode(bundle("priorauth-request", claim(identifier, "preauthorization"), **more))


def header_of(message: bytes) -> Json:
    head: Json = decode(message)["entry"][0]["resource"]
    return head


def response_of(message: bytes) -> Json:
    """The ClaimResponse of a message."""
    found: Json = next(
        one["resource"]
        for one in decode(message)["entry"]
        if one["resource"]["resourceType"] == "ClaimResponse"
    )
    return found


def outcome_of(resource: Json) -> str | None:
    """The code of the extension adjudication-outcome of a ClaimResponse or of one of its items."""
    for one in resource.get("extension", []):
        if one["url"] == SD + "extension-adjudication-outcome":
            code: str = one["valueCodeableConcept"]["coding"][0]["code"]
            return code
    return None


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a tree, as what holds it and the key it has there."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        yield node, key
        yield from places(value)


async def let_run() -> None:
    """Let every task that can go on do so, until each waits for the clock or for the network."""
    for _ in range(20):
        await asyncio.sleep(0)


async def pass_time(clock: ManualClock, seconds: float) -> None:
    await let_run()
    clock.advance(seconds)
    await let_run()


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until the condition holds; fail after so many seconds."""
    for _ in range(int(seconds / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"it did not come about within {seconds} s")
