"""Are places of the JSON text said in the names of FHIR, whatever the text holds?"""

import pytest

from claimgw.conformance.written import in_fhirpath

_PATIENT = {
    "resourceType": "Patient",
    "_gender": {"extension": [{"valueCodeableConcept": {"coding": [{"code": ""}]}}]},
    "deceasedBoolean": "",
}
_BUNDLE = {"entry": [{"resource": _PATIENT}, {"resource": {"resourceType": "Nothing", "valueString": ""}}]}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Bundle", "Bundle"),
        ("Bundle.entry[0].resource.deceasedBoolean", "Bundle.entry[0].resource.deceased"),
        (
            "Bundle.entry[0].resource._gender.extension[0].valueCodeableConcept.coding[0].code",
            "Bundle.entry[0].resource.gender.extension[0].value.coding[0].code",
        ),
        ("Bundle.entry[0].resource._mood", "Bundle.entry[0].resource.mood"),
        ("Bundle.entry[0].resource.?.valueString", "Bundle.entry[0].resource.?.valueString"),
        ("Bundle.entry[1].resource.valueString", "Bundle.entry[1].resource.valueString"),
        ("Bundle.entry[7].resource.eventCoding", "Bundle.entry[7].resource.eventCoding"),
    ],
)
def test_a_place_in_the_text_is_said_in_names_of_fhir(written: str, said: str) -> None:
    assert in_fhirpath(written, _BUNDLE) == said
