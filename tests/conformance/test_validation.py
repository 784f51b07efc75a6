"""Can a program of one's own judge messages and resources with nothing but the library?"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimgw.clock import ManualClock
from claimgw.conformance import Direction, Validator, Verdict, check, direction_of
from claimgw.conformance.rulebook.spoilt import spoilt_examples
from claimgw.conformance.severity import defaults
from claimgw.conformance.validator.schemas import standard
from claimgw.errors import ConfigurationError
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Severity
from claimgw.messages.identifiers import DEFINITIONS, Licence

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CLAIM = (EXAMPLES / "claim-request-professional.json").read_bytes()
REFUSED = (EXAMPLES / "claim-request-refused.json").read_bytes()
PATIENT = DEFINITIONS + "patient"
SPOILT = [one for one in spoilt_examples(EXAMPLES) if one.example.before is None]

validator = Validator()

Json = dict[str, Any]


def tree(raw: bytes) -> Json:
    decoded = decode(raw)
    assert isinstance(decoded, Decoded)
    found: Json = decoded.tree
    return found


def received(message: Json) -> datetime:
    return datetime.fromisoformat(message["timestamp"])


def resource(type_: str, raw: bytes = CLAIM) -> Json:
    entries = tree(raw)["entry"]
    found: Json = next(one["resource"] for one in entries if one["resource"]["resourceType"] == type_)
    return found


def places(verdict: Verdict) -> set[tuple[str, str]]:
    """Errors and warnings: what was not checked is no fault."""
    return {(one.code, one.path) for one in verdict.findings if one.severity is not Severity.INFORMATION}


# Messages.


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
@pytest.mark.parametrize("all_stages", [False, True])
def test_a_message_gets_the_verdict_of_the_gateway(file: Path, all_stages: bool) -> None:
    raw = file.read_bytes()
    envelope = read(raw)
    assert isinstance(envelope, Envelope)
    now = received(envelope.bundle)
    theirs = check(envelope, now, direction=direction_of(envelope.event), all_stages=all_stages)
    verdict = validator.validate(raw, received=now, all_stages=all_stages)
    assert [one for one in verdict.findings if not one.text.startswith("Not checked")] == theirs
    assert verdict.valid == (not any(one.severity is Severity.ERROR for one in theirs))


def test_bytes_and_the_tree_of_them_get_the_same_verdict() -> None:
    now = received(tree(REFUSED))
    told = validator.validate(REFUSED, received=now, all_stages=True)
    assert not told.valid
    for same in (tree(REFUSED), json.loads(REFUSED)):
        assert validator.validate(same, received=now, all_stages=True) == told


def test_a_verdict_counts_and_becomes_an_operation_outcome() -> None:
    verdict = validator.validate(REFUSED, all_stages=True)
    counted = verdict.errors + verdict.warnings + verdict.information
    assert (verdict.resource_type, counted) == ("Bundle", len(verdict.findings))
    outcome = verdict.as_operation_outcome()
    assert len(outcome["issue"]) == counted + sum(len(one.companions) for one in verdict.findings)
    first, told = verdict.findings[0], outcome["issue"][0]
    assert told["expression"] == [first.path]
    assert told["details"]["coding"][0]["code"] == first.code
    assert (told["severity"], told["diagnostics"]) == (first.severity.value, first.hint)


def test_of_what_is_sound_an_operation_outcome_says_so() -> None:
    verdict = validator.validate((EXAMPLES / "poll-request.json").read_bytes())
    assert (verdict.valid, verdict.findings) == (True, ())
    [issue] = verdict.as_operation_outcome()["issue"]
    assert (issue["severity"], issue["expression"]) == ("information", ["Bundle"])


def test_what_could_not_be_checked_is_told_and_is_no_fault() -> None:
    verdict = validator.validate(CLAIM, received=received(tree(CLAIM)))
    assert verdict.valid
    assert verdict.information == len(verdict.findings) > 0
    assert all(one.text.startswith("Not checked") for one in verdict.findings)


def test_rules_bind_from_a_day_on_and_the_clock_is_asked_where_no_time_is_given() -> None:
    message = tree(CLAIM)
    early = datetime(2020, 1, 1, tzinfo=UTC)
    by_time = validator.validate(message, received=early)
    assert places(by_time) != places(validator.validate(message, received=received(message)))
    assert Validator(clock=ManualClock(early)).validate(message) == by_time


def test_severities_are_given_by_code_family_or_for_all() -> None:
    message = tree(CLAIM)
    message["type"] = "batch"
    now = received(message)
    assert ("BV-00130", "bundle.type") in places(validator.validate(message, received=now))
    for of in ("BV-00130", "BV", ""):
        milder = Validator(severities={of: "warning"}).validate(message, received=now)
        assert (milder.valid, milder.warnings) == (True, 1)
    assert not places(Validator(severities={"BV-00130": "off"}).validate(message, received=now))
    assert not places(Validator(severities=replace(defaults(), changes={})).validate(CLAIM, received=now))


def test_the_direction_may_be_given() -> None:
    answer = tree((EXAMPLES / "claim-response-complete.json").read_bytes())
    answer["id"] = "no guid"
    told = {
        way: validator.validate(answer, received=received(answer), direction=way)
        for way in (None, "answer", Direction.ANSWER, "request", "notice")
    }
    assert told[None] == told["answer"] == told[Direction.ANSWER]
    assert not told["request"].valid


def test_a_message_may_be_judged_by_another_profile_of_its_bundle() -> None:
    now = received(tree(CLAIM))
    for profile in validator.profiles("Bundle"):
        assert validator.validate(CLAIM, received=now, profile=profile).resource_type == "Bundle"
    with pytest.raises(ConfigurationError, match=r"no such profile of Bundle; known are: http"):
        validator.validate(CLAIM, profile=PATIENT)


# Resources that stand alone.


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_each_resource_of_a_sound_message_is_sound_alone(file: Path) -> None:
    if file.stem == "claim-request-refused":
        return
    message = tree(file.read_bytes())
    for entry in message["entry"]:
        if entry["resource"]["resourceType"] == "Bundle":
            continue
        verdict = validator.validate(entry["resource"], received=received(message), all_stages=True)
        assert verdict.resource_type == entry["resource"]["resourceType"]
        assert not places(verdict)


def test_what_profiles_find_in_a_message_they_find_in_the_resource_alone() -> None:
    """All but what needs the rest of the message; places begin with the type, whatever the stage."""
    met = 0
    for one in SPOILT:
        match = re.fullmatch(r"undle\.entry\[(\d+)\]\.resource(.*)", one.example.expression[1:])
        if match is None or int(match[1]) >= len(one.spoilt["entry"]):
            continue
        alone = one.spoilt["entry"][int(match[1])].get("resource")
        if not isinstance(alone, dict) or alone.get("resourceType") == "Bundle":
            continue
        now = datetime.fromisoformat(one.example.received or one.sound["timestamp"])
        found = validator.validate(alone, received=now, all_stages=True)
        if not found.resource_type:
            continue  # its type is what was spoilt
        assert all(path.startswith(alone["resourceType"]) for _, path in places(found))
        met += (one.example.code, alone["resourceType"] + match[2]) in places(found)
    # Those that are not: rules about several resources, references, the event.
    assert met > len(SPOILT) / 2


def test_a_resource_is_judged_by_a_profile_it_does_not_declare() -> None:
    patient = resource("Patient")
    patient["meta"]["profile"] = ["http://hl7.org/fhir/StructureDefinition/Patient"]
    del patient["name"]
    assert not {path for _, path in places(validator.validate(patient)) if "name" in path}
    for profile in (PATIENT, PATIENT + "|1.0.0"):
        verdict = validator.validate(patient, profile=profile, all_stages=True)
        assert {path for _, path in places(verdict) if "name" in path}
        assert all(one.source for one in verdict.findings if "name" in one.path)


def test_a_profile_that_is_not_there_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ConfigurationError) as raised:
        validator.validate({"resourceType": "Patient"}, profile=DEFINITIONS + "coverage")
    assert all(canonical in str(raised.value) for canonical in validator.profiles("Patient"))
    with pytest.raises(ConfigurationError, match="known are: none"):
        validator.validate({"resourceType": "Basic"}, profile="http://nowhere.example")


def test_stages_of_a_resource_end_at_the_first_with_an_error() -> None:
    patient = resource("Patient") | {"mood": "good"}
    del patient["name"]
    staged, whole = (validator.validate(patient, all_stages=every) for every in (False, True))
    assert places(staged) == {("FR-00027", "Patient.mood")}
    assert places(staged) < places(whole)


def test_what_no_json_may_hold_is_placed_in_the_resource() -> None:
    raw = b'{"resourceType":"Patient","birthDate":"","name":[{}],"multipleBirthBoolean":null}'
    found = places(validator.validate(raw))
    assert {("FR-00006", "Patient.birthDate"), ("FR-00006", "Patient.name[0]")} <= found
    assert ("GE-00013", "Patient") in found


# Whatever it is given.


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "GE-00013"),
        (b"[1", "GE-00013"),
        (b"\xff", "GE-00013"),
        (b"[" * 500, "GE-00013"),
        (b'{"resourceType":"Patient","id":"a","id":"b"}', "GE-00013"),
        (b" " * (10 * 1024 * 1024 + 1), "BV-00076"),
        (b"[]", "BV-00220"),
        (b"7", "BV-00220"),
        (b'{"resourceType":["Patient"]}', "BV-00220"),
        (b'{"resourceType":"Resource"}', "RE-00180"),
        (b'{"resourceType":"Claims"}', "RE-00180"),
    ],
)
def test_what_is_no_resource_gets_the_one_reason(raw: bytes, code: str) -> None:
    verdict = validator.validate(raw)
    assert (verdict.resource_type, [one.code for one in verdict.findings]) == ("", [code])
    assert not verdict.valid


def test_a_bundle_that_is_no_message_gets_the_one_reason() -> None:
    verdict = validator.validate({"resourceType": "Bundle", "entry": []})
    assert (verdict.resource_type, [one.code for one in verdict.findings]) == ("Bundle", ["BV-00126"])


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = ("meta", "name", "identifier", "extension", "item", "contained", "id", "birthDate", "_birthDate")


@settings(deadline=None, max_examples=150)
@given(
    type_=st.sampled_from(("Patient", "Claim", "MessageHeader", "Task", "Organization", "Parameters")),
    content=st.dictionaries(st.sampled_from(_NAMES), _ANYTHING, max_size=4),
)
def test_any_tree_at_all_gets_a_verdict(type_: str, content: Json) -> None:
    verdict = validator.validate({"resourceType": type_, **content}, all_stages=True)
    assert verdict.resource_type in (type_, "")
    assert all(one.path.startswith(type_) for one in verdict.findings if verdict.resource_type)


def test_half_a_character_is_a_fault_of_the_text() -> None:
    verdict = validator.validate({"resourceType": "Patient", "id": "\ud800"})
    assert [one.code for one in verdict.findings] == ["GE-00013"]


@pytest.mark.parametrize(
    ("ask", "fault", "says"),
    [
        (lambda: validator.validate("{}"), TypeError, "bytes or a dict"),  # type: ignore[arg-type]
        (lambda: validator.validate({"a": object()}), TypeError, "not a tree of JSON"),
        (lambda: validator.validate(b"{}", received=datetime(2026, 1, 1)), ValueError, "zone"),  # noqa: DTZ001
        (lambda: validator.validate(b"{}", direction="sideways"), ValueError, "sideways"),
        (lambda: Validator(packages="folder"), TypeError, "a list of paths"),
        (lambda: Validator(packages=["/nowhere/at/all"]), ConfigurationError, "no FHIR package"),
        (lambda: Validator(codes=["/nowhere/at/all"]), ConfigurationError, "nowhere"),
        (lambda: Validator(versions=["9.9.9"]), ConfigurationError, "9.9.9"),
        (lambda: Validator(severities={"BV-00130": "mild"}), ConfigurationError, "mild.*is none of off"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_what_to_give(
    ask: Callable[[], object], fault: type[Exception], says: str
) -> None:
    with pytest.raises(fault, match=says):
        ask()


# As a library.


def test_code_lists_of_ones_own_are_used(tmp_path: Path) -> None:
    system = "http://hl7.org/fhir/sid/icd-10-am"
    codes = tmp_path / "diagnoses.csv"
    codes.write_text(f"system,code\n{system},Z99.9\n")
    unknown = [one for one in validator.validate(CLAIM).findings if system in one.text]
    listed = Validator(codes=[codes]).validate(CLAIM).findings
    assert unknown
    assert not [one for one in listed if system in one.text]


def test_everything_is_compiled_ahead_where_that_is_asked_for() -> None:
    ahead = Validator(versions=["1.0.0"])
    ahead.compile()
    assert ahead.profiles("Patient") == (PATIENT + "|1.0.0",)
    assert ahead.validate(CLAIM, received=received(tree(CLAIM))).valid


def test_several_threads_may_use_one_validator() -> None:
    now = received(tree(CLAIM))
    shared = Validator(versions=["1.0.0"])  # compiles while they run
    texts = [CLAIM, REFUSED, encode(resource("Patient")), encode(resource("Claim"))] * 8
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda raw: shared.validate(raw, received=now), texts))
    assert together == [shared.validate(raw, received=now) for raw in texts]


def test_it_works_with_what_is_loaded_already() -> None:
    asked: list[Licence] = []

    def served(receiver: Licence) -> frozenset[Licence]:
        asked.append(receiver)
        return frozenset()

    made = Validator.of(standard(), defaults(), ManualClock(received(tree(CLAIM))), served)
    assert made.validate(CLAIM).valid
    assert [str(one) for one in asked] == ["payer:INS-2001"]


def test_it_needs_no_server_no_database_and_no_settings() -> None:
    program = """
import sys
from claimgw.conformance import Validator
verdict = Validator().validate(open(sys.argv[1], "rb").read(), all_stages=True)
assert not verdict.valid
unwanted = {"fastapi", "starlette", "sqlalchemy", "pydantic_settings", "uvicorn", "httpx", "typer", "rich"}
unwanted |= {"claimgw." + room for room in ("settings", "store", "app", "clearinghouse", "endpoint")}
print(sorted(unwanted & sys.modules.keys()))
"""
    file = str(EXAMPLES / "claim-request-refused.json")
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_example_in_the_readme_works_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text()
    programs = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    [program] = [one for one in programs if "Validator" in one]
    monkeypatch.chdir(ROOT)
    exec(compile(program, "README.md", "exec"), {})
    told = capsys.readouterr().out
    promised = [line.partition("# ")[2] for line in program.splitlines() if line.startswith("# ")]
    assert promised
    assert all(line in told for line in promised), told
