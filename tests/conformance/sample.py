"""A small valid claim, poll and answer to break, and the check of what came of it."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from claimgw.conformance import Direction, check
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import CODES, DEFINITIONS, LICENCE_SYSTEMS, Licence, LicenceKind

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
PROVIDER = Licence(LicenceKind.PROVIDER, "PR-1001")
INSURER = Licence(LicenceKind.PAYER, "INS-2001")
TPA = Licence(LicenceKind.PAYER, "TPA-3001")

_HL7 = "http://terminology.hl7.org/CodeSystem/"
_HOME = "http://provider.example/"
_CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
_TASK = "http://nphies.sa/terminology/CodeSystem/task-"

Json = dict[str, Any]


def claim() -> Json:
    """Header, Claim, provider, insurer, Patient, Coverage, Encounter, Location: entries 0 to 7."""
    resource = {
        **_resource("Claim", "7", "professional-claim"),
        "extension": [
            {"url": DEFINITIONS + "extension-encounter", "valueReference": _to("Encounter", "5")},
            {"url": DEFINITIONS + "extension-episode", "valueIdentifier": _identifier("episode", "E-7")},
            {"url": DEFINITIONS + "extension-accountingPeriod", "valueDate": "2026-11-01"},
        ],
        "identifier": [{"system": "http://provider.example/claim", "value": "C-7"}],
        "status": "active",
        "type": _concept(_CLAIM_TYPE, "professional"),
        "subType": _concept(CODES + "claim-subtype", "op"),
        "use": "claim",
        "patient": _to("Patient", "3"),
        "created": "2026-11-01",
        "insurer": _to("Organization", "2"),
        "provider": _to("Organization", "1"),
        "facility": _to("Location", "6"),
        "priority": _concept("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "payee": {"type": _concept(_HL7 + "payeetype", "provider")},
        "careTeam": [
            {
                "sequence": 1,
                "provider": {"identifier": _identifier("practitioner", "D-1")},
                "role": _concept(_HL7 + "claimcareteamrole", "primary"),
                "qualification": _concept(CODES + "practice-codes", "08.00"),
            }
        ],
        "supportingInfo": list(_information()),
        "diagnosis": [
            {
                "sequence": 1,
                "diagnosisCodeableConcept": _concept("http://hl7.org/fhir/sid/icd-10-am", "E11.9"),
                "type": [_concept(CODES + "diagnosis-type", "principal")],
            }
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": _to("Coverage", "4")}],
        "item": [
            {
                "extension": [
                    {
                        "url": DEFINITIONS + "extension-patient-share",
                        "valueMoney": {"value": 0, "currency": "SAR"},
                    },
                    {
                        "url": DEFINITIONS + "extension-patientInvoice",
                        "valueIdentifier": _identifier("invoice", "I-7"),
                    },
                    {"url": DEFINITIONS + "extension-maternity", "valueBoolean": False},
                ],
                "sequence": 1,
                "careTeamSequence": [1],
                "diagnosisSequence": [1],
                "informationSequence": [1],
                "quantity": {"value": 1},
                "productOrService": _concept(
                    "http://nphies.sa/terminology/CodeSystem/procedures", "83600-00-10"
                ),
                "servicedDate": "2026-11-01",
                "unitPrice": {"value": 10.5, "currency": "SAR"},
                "net": {"value": 10.5, "currency": "SAR"},
            }
        ],
        "total": {"value": 10.5, "currency": "SAR"},
    }
    return _message(
        _header("claim-request", "Claim", "7", PROVIDER, INSURER),
        resource,
        _organization("1", "provider-organization", PROVIDER),
        _organization("2", "insurer-organization", INSURER),
        _patient(),
        _coverage(),
        _encounter(),
        _clinic(),
    )


def poll() -> Json:
    """Header, Task, provider: entries 0 to 2. The task has one input of each kind but exclude."""
    gateway = Licence(LicenceKind.GATEWAY, "NPHIES")
    task = {
        **_resource("Task", "9", "task"),
        "identifier": [{"system": "http://provider.example/poll", "value": "P-9"}],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": _concept(_TASK + "code", "poll"),
        "authoredOn": "2026-11-01T08:00:00Z",
        "lastModified": "2026-11-01T08:00:00Z",
        "requester": _to("Organization", "1"),
        "owner": {"type": "Organization", "identifier": gateway.on_the_wire()},
        "input": [
            {"type": _concept(_TASK + "input-type", "include-message-type"), "valueCode": "claim-response"},
            {"type": _concept(_TASK + "input-type", "count"), "valuePositiveInt": 5},
            {"type": _concept(_TASK + "input-type", "period"), "valuePeriod": {"start": "2026-10-01"}},
        ],
    }
    return _message(
        _header("poll-request", "Task", "9", PROVIDER, gateway),
        task,
        _organization("1", "provider-organization", PROVIDER),
    )


def cancel() -> Json:
    """Header, Task, provider, insurer: entries 0 to 3."""
    message = poll()
    header, task = resource(message, 0), resource(message, 1)
    header["eventCoding"]["code"] = "cancel-request"
    header["destination"][0]["receiver"]["identifier"] = INSURER.on_the_wire()
    task["code"]["coding"][0]["code"] = "cancel"
    task["owner"]["identifier"] = INSURER.on_the_wire()
    task["focus"] = {
        "type": "Claim",
        "identifier": {"system": "http://provider.example/claim", "value": "C-7"},
    }
    task["reasonCode"] = _concept(_TASK + "reason-code", "WI")
    del task["input"]
    return message


def answer() -> Json:
    """Header, ClaimResponse, provider, insurer, Patient, Coverage: entries 0 to 5."""
    response = {
        **_resource("ClaimResponse", "8", "claim-response"),
        "identifier": [{"system": "http://insurer.example/response", "value": "R-8"}],
        "status": "active",
        "type": _concept(_CLAIM_TYPE, "professional"),
        "subType": _concept(CODES + "claim-subtype", "op"),
        "use": "claim",
        "patient": _to("Patient", "3"),
        "created": "2026-11-01",
        "insurer": _to("Organization", "2"),
        "requestor": _to("Organization", "1"),
        "request": {"identifier": {"system": "http://provider.example/claim", "value": "C-7"}},
        "extension": [_decided("approved")],
        "outcome": "complete",
        "item": [
            {
                "extension": [
                    _decided("approved"),
                    {
                        "url": DEFINITIONS + "extension-patientInvoice",
                        "valueIdentifier": _identifier("invoice", "I-7"),
                    },
                ],
                "itemSequence": 1,
                "adjudication": [
                    _paid(),
                    _paid("tax"),
                    {"category": _concept(CODES + "ksa-adjudication", "approved-quantity"), "value": 1},
                ],
            }
        ],
        "total": [_paid()],
        "insurance": [{"sequence": 1, "focal": True, "coverage": _to("Coverage", "4")}],
    }
    header = _header("claim-response", "ClaimResponse", "8", INSURER, PROVIDER)
    header["response"] = {"identifier": "11111111-1111-4111-8111-111111111111", "code": "ok"}
    return _message(
        header,
        response,
        _organization("1", "provider-organization", PROVIDER),
        _organization("2", "insurer-organization", INSURER),
        _patient(),
        _coverage(),
    )


def _decided(outcome: str) -> Json:
    return {
        "url": DEFINITIONS + "extension-adjudication-outcome",
        "valueCodeableConcept": _concept(CODES + "adjudication-outcome", outcome),
    }


def _paid(what: str = "benefit") -> Json:
    return {
        "category": _concept(_HL7 + "adjudication", what),
        "amount": {"value": 10.5, "currency": "SAR"},
    }


def resource(message: Json, index: int) -> Json:
    found: Json = message["entry"][index]["resource"]
    return found


def envelope(message: Json) -> Envelope:
    read_ = read(json.dumps(message).encode())
    assert isinstance(read_, Envelope), read_
    return read_


def findings(message: Json, direction: Direction = Direction.REQUEST, **settings: Any) -> list[Finding]:
    return check(envelope(message), NOW, direction=direction, **settings)


def found(message: Json, direction: Direction = Direction.REQUEST) -> set[tuple[str, str]]:
    """Code and place of each finding of a copy, staged."""
    return {(finding.code, finding.path) for finding in findings(copy.deepcopy(message), direction)}


def _message(*resources: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "id": "22222222-2222-4222-8222-222222222222",
        "meta": {"profile": [DEFINITIONS + "bundle|1.0.0"]},
        "type": "message",
        "timestamp": "2026-11-01T08:00:00.123Z",
        "entry": [
            {"fullUrl": f"{_HOME}{resource['resourceType']}/{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }


def _header(event: str, type_: str, id_: str, sender: Licence, receiver: Licence) -> Json:
    return {
        **_resource("MessageHeader", "33333333-3333-4333-8333-333333333333", "message-header"),
        "eventCoding": {
            "system": "http://nphies.sa/terminology/CodeSystem/ksa-message-events",
            "code": event,
        },
        "destination": [{"endpoint": "http://receiver.example", "receiver": _party(receiver)}],
        "sender": _party(sender),
        "source": {"endpoint": "http://sender.example"},
        "focus": [_to(type_, id_)],
    }


_MEASURED = {
    "vital-sign-systolic": "mm[Hg]",
    "vital-sign-diastolic": "mm[Hg]",
    "vital-sign-height": "cm",
    "vital-sign-weight": "kg",
    "pulse": "/min",
    "temperature": "Cel",
    "oxygen-saturation": "%",
    "respiratory-rate": "/min",
}
_TOLD = ("patient-history", "history-of-present-illness", "physical-examination", "treatment-plan")
_PERIOD = {"start": "2026-11-01T07:00:00Z", "end": "2026-11-01T07:00:00Z"}


def _information() -> Iterator[Json]:
    """What every professional claim says of the patient's state."""
    values: list[tuple[str, Json]] = [
        (
            kind,
            {
                "timingPeriod": dict(_PERIOD),
                "valueQuantity": {"value": 36, "system": "http://unitsofmeasure.org", "code": unit},
            },
        )
        for kind, unit in _MEASURED.items()
    ]
    values += [(kind, {"valueString": "As told"}) for kind in _TOLD]
    values += [
        ("chief-complaint", {"code": {"text": "Tired"}}),
        ("investigation-result", {"code": _concept(CODES + "investigation-result", "INP")}),
    ]
    for sequence, (kind, more) in enumerate(values, 1):
        category = _concept(CODES + "claim-information-category", kind)
        yield {"sequence": sequence, "category": category, **more}


def _encounter() -> Json:
    return {
        **_resource("Encounter", "5", "encounter"),
        "extension": [
            {
                "url": DEFINITIONS + "extension-serviceEventType",
                "valueCodeableConcept": _concept(CODES + "service-event-type", "SCSE"),
            }
        ],
        "identifier": [_identifier("encounter", "N-5")],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "serviceType": _concept(CODES + "service-type", "acute-care"),
        "subject": _to("Patient", "3"),
        "period": {"start": "2026-11-01T06:00:00Z", "end": "2026-11-01T07:30:00Z"},
        "serviceProvider": _to("Organization", "1"),
    }


def _clinic() -> Json:
    return {
        **_resource("Location", "6", "location"),
        "status": "active",
        "type": [_concept(CODES + "clinic-specialty", "P01-03")],
        "managingOrganization": _to("Organization", "1"),
    }


def _identifier(kind: str, value: str) -> Json:
    return {"system": f"{_HOME}{kind}", "value": value}


def _resource(type_: str, id_: str, profile: str) -> Json:
    return {"resourceType": type_, "id": id_, "meta": {"profile": [f"{DEFINITIONS}{profile}|1.0.0"]}}


def _organization(id_: str, profile: str, licence: Licence) -> Json:
    return {
        **_resource("Organization", id_, profile),
        **copy.deepcopy(_KIND_OF_HOUSE[profile]),
        "identifier": [licence.on_the_wire()],
        "active": True,
        "name": "Some house",
    }


_KIND_OF_HOUSE: dict[str, Json] = {
    "provider-organization": {
        "extension": [
            {
                "url": DEFINITIONS + "extension-provider-type",
                "valueCodeableConcept": {"coding": [{"system": CODES + "provider-type", "code": "1"}]},
            }
        ],
        "type": [{"coding": [{"system": CODES + "organization-type", "code": "prov"}]}],
    },
    "insurer-organization": {"type": [{"coding": [{"system": CODES + "organization-type", "code": "ins"}]}]},
}


def _patient() -> Json:
    return {
        **_resource("Patient", "3", "patient"),
        "extension": [
            {
                "url": DEFINITIONS + "extension-occupation",
                "valueCodeableConcept": _concept(CODES + "occupation", "education"),
            }
        ],
        "identifier": [
            {
                "type": _concept(_HL7 + "v2-0203", "PRC"),
                "system": "http://nphies.sa/identifier/iqama",
                "value": "2000000001",
            }
        ],
        "active": True,
        "maritalStatus": _concept(_HL7 + "v3-MaritalStatus", "M"),
        "name": [{"text": "Invented Person"}],
        "gender": "female",
        "_gender": {
            "extension": [
                {
                    "url": DEFINITIONS + "extension-ksa-administrative-gender",
                    "valueCodeableConcept": _concept(CODES + "ksa-administrative-gender", "female"),
                }
            ]
        },
        "birthDate": "1980-02-29",
    }


def _coverage() -> Json:
    return {
        **_resource("Coverage", "4", "coverage"),
        "identifier": [{"system": "http://insurer.example/member", "value": "M-4"}],
        "status": "active",
        "type": _concept(CODES + "coverage-type", "EHCPOL"),
        "policyHolder": _to("Patient", "3"),
        "relationship": _concept(_HL7 + "subscriber-relationship", "self"),
        "class": [{"type": _concept(_HL7 + "coverage-class", "plan"), "value": "P-4"}],
        "beneficiary": _to("Patient", "3"),
        "payor": [_to("Organization", "2")],
    }


def _party(licence: Licence) -> Json:
    assert licence.system in LICENCE_SYSTEMS.values()
    return {"type": "Organization", "identifier": licence.on_the_wire()}


def _to(type_: str, id_: str) -> Json:
    return {"reference": f"{_HOME}{type_}/{id_}"}


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}
