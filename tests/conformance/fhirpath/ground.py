"""What do the tests evaluate expressions on? One patient, a scope that resolves and knows one value set."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from claimgw.conformance.fhirpath import Scope, compile_expression

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "Hospital", "active": True}

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "birthDate": "1980-02-29",
    "_birthDate": {
        "extension": [{"url": "http://a/birthTime", "valueDateTime": "1980-02-29T04:05:06+03:00"}]
    },
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "name": [
        {"use": "official", "family": "Ali", "given": ["Amal", "Noor"], "_given": [None, {"id": "n"}]},
        {"use": "usual", "given": ["Ammi"]},
    ],
    "_gender": {"extension": [{"url": "http://a/absent", "valueCode": "unknown"}]},
    "telecom": [
        {"system": "phone", "value": "1", "rank": 1},
        {"system": "phone", "value": "2", "rank": 2},
        {"system": "email", "value": "a@b", "rank": 3},
    ],
    "extension": [
        {"url": "http://a/tax", "valueMoney": {"value": Decimal("0.10"), "currency": "SAR"}},
        {"url": "http://a/weight", "valueQuantity": {"value": Decimal("72.50"), "code": "kg", "unit": "kg"}},
        {"url": "http://a/when", "valueDateTime": "2026-03-15T10:30:00Z"},
        {"url": "http://a/nested", "extension": [{"url": "inner", "valueString": "deep"}]},
        {"url": "http://a/flag", "valueBoolean": True},
        {"url": "http://a/code", "valueCodeableConcept": {"coding": [{"system": "s", "code": "c"}]}},
    ],
    "managingOrganization": {"reference": "Organization/o"},
    "contained": [{"resourceType": "Observation", "id": "c1", "status": "final", "valueString": "x"}],
    "text": {
        "status": "generated",
        "div": "<div xmlns='http://www.w3.org/1999/xhtml'>Hello <b>you</b></div>",
    },
}


def resolve(reference: str, standing_in: Any) -> dict[str, Any] | None:
    return ORGANIZATION if reference == "Organization/o" else None


def member_of(value: Any, value_set: str) -> bool | None:
    if value_set != "http://a/vs":
        return None
    return value == "official" or (isinstance(value, dict) and value.get("code") == "c")


def scope(resource: Any, root: Any = None) -> Scope:
    return Scope(resource, resource if root is None else root, NOW, resolve, member_of)


def evaluate(expression: str, node: Any = PATIENT, type_: str = "Patient") -> list[Any]:
    return compile_expression(expression, type_).evaluate(node, scope(node))


def holds(expression: str, node: Any = PATIENT, type_: str = "Patient") -> bool:
    return compile_expression(expression, type_).holds(node, scope(node))
