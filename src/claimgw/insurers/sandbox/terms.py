"""How are codes, extensions and amounts written in an insurer's answer?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

SD = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/"
CS = "http://nphies.sa/terminology/CodeSystem/"
HL7 = "http://terminology.hl7.org/CodeSystem/"
HL7_ADJUDICATION = HL7 + "adjudication"
KSA_ADJUDICATION = CS + "ksa-adjudication"
ADJUDICATION_REASON = CS + "adjudication-reason"
ADJUDICATION_ERROR = CS + "adjudication-error"
ADJUDICATION_OUTCOME = CS + "adjudication-outcome"
REMITTANCE_OUTCOME = "http://hl7.org/fhir/remittance-outcome"
PAYER = "http://nphies.sa/license/payer-license"
PROVIDER = "http://nphies.sa/license/provider-license"
REISSUE_REASON = CS + "reissue-reason"
EVENTS = CS + "ksa-message-events"
BATCH = ("batch-identifier", "batch-number", "batch-period")

# Where the sandbox's own resources are said to live; a name that can never be reached (RFC 2606).
BASE = "http://insurer.example"


def meta(profile: str) -> Json:
    """The `meta` of a resource that declares an nphies profile, always with its version (BV-00225)."""
    return {"profile": [f"{SD}{profile}|1.0.0"]}


def url_of(resource: Json) -> str:
    """The fullUrl of a resource of the sandbox's own."""
    return f"{BASE}/{resource['resourceType']}/{resource['id']}"


def own_identifier(resource_type: str, value: str) -> Json:
    """The business identifier that the sandbox gives a resource of that type."""
    return {"system": f"{BASE}/{resource_type.lower()}", "value": value}


def payer_error(code: str, display: str, place: str) -> Json:
    """A coded error with the place in the request that it is about (spec 8.2)."""
    made = concept(ADJUDICATION_ERROR, code, display)
    made["coding"][0]["extension"] = [extension("error-expression", valueString=place)]
    return made


def concept(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code}
    if display:
        coding["display"] = display
    return {"coding": [coding]}


def extension(name: str, **value: Any) -> Json:
    """An nphies extension by its short name, as in `extension("transfer", valueBoolean=True)`."""
    return {"url": f"{SD}extension-{name}", **value}


def extensions_named(names: Iterable[str], held: list[Json]) -> list[Json]:
    """Those of `held` that carry one of the short names, in the order they came."""
    urls = [f"{SD}extension-{name}" for name in names]  # no set: a url may be anything, even unhashable
    return [one for one in held if one.get("url") in urls]


def money(amount: Decimal) -> Json:
    return {"value": amount, "currency": "SAR"}
