"""Is every finding counted, and are a thousand of them told?"""

import json
import time
from collections.abc import Callable

import pytest

from claimgw.conformance import Direction, Validator, check
from claimgw.conformance.tally import MOST
from claimgw.messages.findings import Severity
from tests.conformance.sample import NOW, Json, claim, envelope, poll

validator = Validator()


def _unknown(count: int) -> Json:
    message = claim()
    message["entry"][1]["resource"] |= {f"mood{number}": 1 for number in range(count)}
    return message


def _empty(count: int) -> Json:
    message = claim()
    message["entry"][1]["resource"]["language"] = [""] * count
    return message


def _incomplete(count: int) -> Json:
    message = claim()
    message["entry"][1]["resource"]["payee"] = {"party": {"identifier": {"type": {"coding": [{"code": ""}]}}}}
    message["entry"][1]["resource"]["related"] = [{"relationship": {"coding": {}}} for _ in range(count)]
    return message


def _dangling(count: int) -> Json:
    message = claim()
    message["entry"][1]["resource"]["related"] = [
        {"claim": {"reference": f"http://nowhere.example/Claim/{number}"}} for number in range(count)
    ]
    return message


@pytest.mark.parametrize("make", [_unknown, _empty, _incomplete, _dangling])
@pytest.mark.parametrize("all_stages", [False, True])
def test_the_number_of_faults_is_true_beyond_those_that_are_told(
    make: Callable[[int], Json], all_stages: bool
) -> None:
    """What one more of the kind adds is known from a message in which all are told."""

    def errors(count: int) -> int:
        verdict = validator.validate(make(count), received=NOW, all_stages=all_stages)
        assert len(verdict.findings) - verdict.information <= MOST
        return verdict.errors

    each = errors(11) - errors(10)
    assert each >= 1
    assert errors(3000) - errors(10) == each * 2990


def test_an_operation_outcome_and_an_answer_tell_how_many_more_there_are() -> None:
    verdict = validator.validate(_unknown(5000), received=NOW)
    assert (verdict.errors, verdict.more) == (5000, {Severity.ERROR: 4000})
    issues = verdict.as_operation_outcome()["issue"]
    assert issues[-1]["details"]["coding"][0]["display"] == "4000 more findings are not listed"
    assert issues[-1]["severity"] == "information"
    found = check(envelope(_unknown(5000)), NOW, direction=Direction.REQUEST)
    assert (len(found), found[-1].text) == (MOST + 1, "4000 more findings are not listed")
    assert found[-1].severity is Severity.ERROR


def test_exactly_as_many_as_are_told_need_no_note() -> None:
    verdict = validator.validate(_unknown(MOST), received=NOW)
    assert (verdict.errors, verdict.more) == (MOST, {})
    [*_, last] = validator.validate(_unknown(MOST + 1), received=NOW).as_operation_outcome()["issue"]
    assert last["details"]["coding"][0]["display"] == "1 more finding is not listed"


def test_a_stage_that_comes_after_a_thousand_faults_refuses_and_tells_one() -> None:
    """The walk meets a thousand faults of structure before the first that cannot be parsed."""
    message = poll()
    task = message["entry"][1]["resource"]
    task["input"] = [{} | {"type": {"text": "x"}} for _ in range(2 * MOST)]
    task["mood"] = "good"
    staged = validator.validate(message, received=NOW)
    assert not staged.valid
    assert [one.code for one in staged.findings] == ["FR-00027"]


def test_rules_that_do_not_bind_are_not_counted() -> None:
    milder = Validator(severities={"FR-00027": "warning"})
    verdict = milder.validate(_unknown(5000), received=NOW)
    assert verdict.warnings == 5000
    assert verdict.more[Severity.WARNING] == 4000
    off = Validator(severities={"FR-00027": "off"}).validate(_unknown(5000), received=NOW)
    assert (off.errors, off.more) == (0, {})


def test_a_resource_alone_is_counted_as_well() -> None:
    patient = {"resourceType": "Patient", **{f"mood{number}": 1 for number in range(3000)}}
    verdict = validator.validate(patient, received=NOW)
    assert verdict.errors == 3000
    assert MOST - 10 < len(verdict.findings) <= MOST
    empty = validator.validate({"resourceType": "Patient", "name": [{}] * 3000}, received=NOW)
    assert (empty.errors, empty.findings[-1].path) == (3000, f"Patient.name[{MOST - 1}]")


def test_beyond_two_hundred_thousand_faults_the_number_is_a_least_one() -> None:
    verdict = validator.validate(json.dumps(_unknown(250_000)).encode(), received=NOW)
    assert not verdict.complete
    assert verdict.errors >= 200_000
    [*_, last] = verdict.as_operation_outcome()["issue"]
    assert last["details"]["coding"][0]["display"].startswith("At least ")


def test_counting_takes_linear_time() -> None:
    def seconds(count: int) -> float:
        raw = json.dumps(_incomplete(count)).encode()
        began = time.process_time()
        validator.validate(raw, received=NOW)
        return time.process_time() - began

    seconds(100)
    assert seconds(40_000) < 12 * max(seconds(10_000), 0.05)
