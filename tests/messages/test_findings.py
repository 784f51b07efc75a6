"""Does a finding look on the wire as those of real servers do?"""

from fhir.resources.R4B.claimresponse import ClaimResponseError
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.task import TaskOutput

from claimgw.messages.findings import (
    Finding,
    Severity,
    business_errors,
    errors,
    operation_outcome,
    task_outputs,
)

ERROR = Finding("BV-00064", "bundle.entry[1].resource.created", "The date lies in the future", "Correct it")
WARNING = Finding("BV-00892", "bundle.entry[1].resource.priority", "Not routine", severity=Severity.WARNING)


def test_only_errors_forbid_a_message_to_go_on() -> None:
    assert errors([WARNING, ERROR]) == [ERROR]


def test_a_business_error_names_the_place_on_its_coding() -> None:
    (error,) = business_errors([ERROR])
    ClaimResponseError.model_validate(error)
    (coding,) = error["code"]["coding"]
    assert coding["code"] == "BV-00064"
    assert coding["extension"][0]["valueString"] == ERROR.path


def test_a_failed_task_has_an_output_for_each_finding() -> None:
    (output,) = task_outputs([ERROR])
    TaskOutput.model_validate(output)
    assert output["type"]["coding"][0]["system"].startswith("http://nphies.sa/terminology/ValueSet/")
    assert output["valueCodeableConcept"]["coding"][0]["code"] == "BV-00064"


def test_an_outcome_names_severity_code_and_place() -> None:
    outcome = operation_outcome([ERROR, WARNING, Finding("GE-00013", "", "Not JSON")])
    OperationOutcome.model_validate(outcome)
    assert [issue["severity"] for issue in outcome["issue"]] == ["error", "warning", "error"]
    assert outcome["issue"][0]["expression"] == [ERROR.path]
    assert "expression" not in outcome["issue"][2]
