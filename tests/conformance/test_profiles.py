"""Does a profile limit what base FHIR allows, and is the fault placed and coded as the server does?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from claimgw.conformance import Direction, check
from claimgw.messages.findings import Finding, Severity, business_errors, errors, on_the_wire
from claimgw.messages.identifiers import DEFINITIONS
from tests.conformance.sample import answer, claim, envelope, findings, found, resource

Json = dict[str, Any]
_CLAIM = "Bundle.entry[1].resource"


def _one(message: Json) -> Finding:
    (finding,) = findings(message)
    return finding


def test_a_missing_extension_is_named_and_has_a_generic_companion() -> None:
    message = claim()
    del resource(message, 1)["extension"][2]
    finding = _one(message)
    assert (finding.code, finding.path) == ("IC-01620", f"{_CLAIM}.extension[0].accountingPeriod")
    assert finding.companions == (("IC-01428", f"{_CLAIM}.extension"),)
    assert finding.source.endswith("/professional-claim")
    assert [one.code for one in on_the_wire([finding])] == ["IC-01620", "IC-01428"]
    assert len(business_errors([finding])) == 2


def test_an_extension_of_another_type_is_one_fault_with_its_companion() -> None:
    message = claim()
    given = resource(message, 1)["extension"][2]
    given["valueString"] = given.pop("valueDate")
    finding = _one(message)
    assert finding.path == f"{_CLAIM}.extension[2].value"
    assert finding.companions == (("IC-01428", f"{_CLAIM}.extension[2].value[x]:valueDate"),)


def test_an_extension_may_not_be_there_twice() -> None:
    message = claim()
    resource(message, 1)["extension"].append(resource(message, 1)["extension"][1])
    assert ("IC-01453", f"{_CLAIM}.extension[0].episode") in found(message)


def _twice(message: Json) -> None:
    resource(message, 1)["identifier"].append({"system": "http://provider.example/claim", "value": "C-8"})


def _foreign_code(message: Json) -> None:
    resource(message, 5)["relationship"]["coding"][0]["code"] = "bogus"


def _long(message: Json) -> None:
    resource(message, 5)["class"][0]["value"] = "x" * 31


def _inactive(message: Json) -> None:
    resource(message, 1)["status"] = "draft"


def _unsuitable(message: Json) -> None:
    resource(message, 1)["type"]["coding"][0]["code"] = "oral"


def _identifier_without_type(message: Json) -> None:
    del resource(message, 4)["identifier"][0]["type"]


@pytest.mark.parametrize(
    ("spoil", "code", "place"),
    [
        (_twice, "IC-00025", f"{_CLAIM}.identifier"),
        (_foreign_code, "IB-00107", "Bundle.entry[5].resource.relationship"),
        (_long, "BV-00322", "bundle.entry[5].resource.class[0].value"),
        (_inactive, "BV-00330", "bundle.entry[1].resource.status"),
        (_unsuitable, "IB-00359", "bundle.entry[1].resource.type.coding[0].code"),
        (_identifier_without_type, "IC-01428", "Bundle.entry[4].resource.identifier[0].type"),
    ],
)
def test_a_fault_against_the_profile_has_its_code_and_place(
    spoil: Callable[[Json], None], code: str, place: str
) -> None:
    message = claim()
    spoil(message)
    assert (code, place) in found(message)


def test_a_resource_without_a_profile_is_judged_by_base_fhir_alone() -> None:
    message = claim()
    del resource(message, 5)["meta"]
    del resource(message, 5)["policyHolder"]
    assert "IC-01564" not in {code for code, _ in found(message)}


def test_the_same_fault_is_a_warning_in_an_insurers_answer() -> None:
    message = answer()
    del resource(message, 5)["policyHolder"]
    (finding,) = findings(message, Direction.ANSWER)
    assert (finding.code, finding.severity) == ("IC-01564", Severity.WARNING)


def test_a_rule_that_came_later_does_not_bind_an_older_message() -> None:
    message = claim()
    del resource(message, 1)["extension"][2]
    before = datetime(2025, 11, 1, tzinfo=UTC)
    codes = {one.code for one in errors(check(envelope(message), before, direction=Direction.REQUEST))}
    assert "IC-01620" not in codes


def test_a_sum_is_exact() -> None:
    message = claim()
    resource(message, 1)["total"]["value"] = 10.51
    assert found(message) == {("BV-00059", "bundle.entry[1].resource.total")}


def test_a_newborn_is_measured() -> None:
    message = claim()
    resource(message, 1)["extension"].append({"url": DEFINITIONS + "extension-newborn", "valueBoolean": True})
    assert {code for code, _ in found(message)} >= {"BV-00507", "BV-00557"}


def test_a_reference_may_not_lead_to_a_resource_of_another_type() -> None:
    message = claim()
    resource(message, 1)["patient"]["reference"] = resource(message, 1)["provider"]["reference"]
    assert found(message) >= {("RE-00015", f"{_CLAIM}.patient")}


def test_a_reference_may_not_lead_to_the_right_type_of_another_profile() -> None:
    message = claim()
    resource(message, 1)["insurer"]["reference"] = resource(message, 1)["provider"]["reference"]
    assert found(message) >= {("RE-00008", f"{_CLAIM}.insurer")}


def test_a_reference_by_identifier_may_not_name_another_type() -> None:
    message = claim()
    resource(message, 1)["careTeam"][0]["provider"]["type"] = "Patient"
    assert found(message) == {("RE-00002", f"{_CLAIM}.careTeam[0].provider")}


def test_a_resource_that_declares_no_profile_lacks_that() -> None:
    message = claim()
    del resource(message, 1)["meta"]
    assert ("IC-00048", f"{_CLAIM}.meta") in found(message)


def test_the_extension_of_a_primitive_is_judged_too() -> None:
    message = claim()
    resource(message, 4)["_gender"]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = "x"
    assert {place for _, place in found(message)} == {"Bundle.entry[4].resource.gender.extension[0].value"}


def test_an_amount_has_value_and_currency() -> None:
    message = claim()
    del resource(message, 1)["total"]["currency"]
    assert ("IC-01428", f"{_CLAIM}.total.currency") in found(message)


def test_what_is_empty_is_placed_as_fhirpath_names_it() -> None:
    message = claim()
    resource(message, 1)["extension"][2]["valueDate"] = ""
    assert {place for _, place in found(message)} == {f"{_CLAIM}.extension[2].value"}
