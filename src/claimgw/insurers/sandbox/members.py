"""Whom does the insurer insure, and under which number? Everybody; numbers are derived, people invented."""

from claimgw.ids import derived_id
from claimgw.insurers.sandbox.reading import Party, first, records, text
from claimgw.insurers.sandbox.terms import (
    BASE,
    CS,
    HL7,
    PAYER,
    Json,
    concept,
    extension,
    meta,
)

# A member number that ends so was replaced by the one without it.
OUTDATED = "-OLD"
_V2_0203 = HL7 + "v2-0203"


def coverage_of(patient: Json, patient_url: str, payor: Json, number: str = "") -> Json:
    """The policy of a person. Its number belongs to the person's first identifier unless one is given."""
    known = first(records(patient.get("identifier")))
    number = number or member_number(text(known.get("system")), text(known.get("value")) or patient_url)
    return {
        "resourceType": "Coverage",
        "id": derived_id("coverage", number),
        "meta": meta("coverage"),
        "identifier": [{"system": f"{BASE}/memberid", "value": number}],
        "status": "active",
        "type": concept(CS + "coverage-type", "EHCPOL", "extended healthcare"),
        "policyHolder": {"reference": patient_url},
        "subscriber": {"reference": patient_url},
        "beneficiary": {"reference": patient_url},
        "relationship": concept(HL7 + "subscriber-relationship", "self", "Self"),
        "payor": [payor],
        "class": [{"type": concept(HL7 + "coverage-class", "plan"), "value": "GOLD", "name": "Gold plan"}],
    }


def member_number(system: str, value: str) -> str:
    return "M-" + derived_id("member", system, value)[:8].upper()


def corrected_number(coverage: Json) -> str:
    """The number that replaces the one quoted, or nothing if that still holds."""
    quoted = text(first(records(coverage.get("identifier"))).get("value"))
    return quoted.removesuffix(OUTDATED) if quoted.endswith(OUTDATED) else ""


def invented_patient(provider: Party) -> Json:
    """A person who does not exist, always the same one for a provider."""
    number = f"2{int(derived_id('patient', provider.value)[:8], 16) % 10**9:09}"
    country = extension("identifier-country", valueCodeableConcept=concept("urn:iso:std:iso:3166", "SAU"))
    gender = extension(
        "ksa-administrative-gender",
        valueCodeableConcept=concept(CS + "ksa-administrative-gender", "female"),
    )
    occupation = extension("occupation", valueCodeableConcept=concept(CS + "occupation", "education"))
    return {
        "resourceType": "Patient",
        "id": derived_id("patient", provider.value),
        "meta": meta("patient"),
        "extension": [occupation],
        "identifier": [
            {
                "extension": [country],
                "type": concept(_V2_0203, "PRC"),
                "system": "http://nphies.sa/identifier/iqama",
                "value": number,
            }
        ],
        "active": True,
        "name": [{"use": "official", "text": "Nobody Real", "family": "Real", "given": ["Nobody"]}],
        "telecom": [{"system": "phone", "value": "+966-55-555-0199"}],
        "gender": "female",
        "_gender": {"extension": [gender]},
        "birthDate": "1990-01-01",
        "deceasedBoolean": False,
        "maritalStatus": concept(HL7 + "v3-MaritalStatus", "U"),
    }


def organization(party: Party) -> Json:
    """An Organization known by its licence only; what kind it is follows from the licence's system."""
    payer = party.system == PAYER
    made: Json = {
        "resourceType": "Organization",
        "id": derived_id("organization", party.system, party.value),
        "meta": meta("insurer-organization" if payer else "provider-organization"),
        "identifier": [{"system": party.system, "value": party.value}],
        "active": True,
        "type": [concept(CS + "organization-type", "ins" if payer else "prov")],
        "name": f"{'Insurer' if payer else 'Provider'} {party.value}",
    }
    if not payer:
        kind = concept(CS + "provider-type", "1", "Hospital")
        made["extension"] = [extension("provider-type", valueCodeableConcept=kind)]
    return made
