"""What is wrong with a message, and how is it said on the wire?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from claimgw.ids import derived_id
from claimgw.messages.identifiers import CODES, DEFINITIONS, VALUE_SETS

ERROR_SYSTEM = CODES + "adjudication-error"
_LONGEST_DISPLAY = 100  # BV-00279
_LONGEST_TEXT = 250  # spec §2.6
_EXPRESSION = DEFINITIONS + "extension-error-expression"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `code` is the nphies code, `path` a FHIRPath as the server writes it.

    `text` says what is wrong and `hint` what to do. Neither ever quotes a value of the message:
    it may be somebody's name or number. `source` is the profile or rule it comes from; "" for base FHIR.
    `companions` are the generic findings, by code and path, that the real server writes beside this one: they
    go out on the wire, a person sees one line.
    """

    code: str
    path: str
    text: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    source: str = ""
    companions: tuple[tuple[str, str], ...] = ()


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that forbid the message to go on."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def on_the_wire(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding, and its companions after it as findings of their own."""
    for finding in findings:
        yield finding
        for code, path in finding.companions:
            yield Finding(code, path, finding.text, finding.hint, finding.severity, finding.source)


def business_errors(findings: Iterable[Finding], *, on_coding: bool = True) -> list[dict[str, Any]]:
    """`error` of a business answer, one for each finding (spec §8.2).

    The place stands on the coding, as real servers have it, or on the error (C-09).
    """
    return [
        {"code": _concept(finding, _place(finding))}
        if on_coding
        else _place(finding) | {"code": _concept(finding)}
        for finding in on_the_wire(findings)
    ]


def task_outputs(
    findings: Iterable[Finding], types: str = VALUE_SETS + "task-output-type", *, on_coding: bool = True
) -> list[dict[str, Any]]:
    """`Task.output` of a failed task; the place stands on the coding or on the concept (C-09).

    `types` is the system of its type, to real servers the value set (C-08).
    """
    kind = {"coding": [{"system": types, "code": "error"}]}
    return [
        {
            "type": kind,
            "valueCodeableConcept": _concept(finding, _place(finding))
            if on_coding
            else _place(finding) | _concept(finding),
        }
        for finding in on_the_wire(findings)
    ]


def _place(finding: Finding) -> dict[str, Any]:
    """The extension that tells the place; none for a finding about no place, such as an insurer's absence."""
    return {"extension": [{"url": _EXPRESSION, "valueString": finding.path}]} if finding.path else {}


def _concept(finding: Finding, on_coding: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The finding as a CodeableConcept; its text stands whole beside a display that it is too long for."""
    coded = {"system": ERROR_SYSTEM, "code": finding.code, "display": finding.text}
    if len(finding.text) <= _LONGEST_DISPLAY:
        return {"coding": [{**on_coding, **coded}]}
    coded["display"] = finding.text[: _LONGEST_DISPLAY - 1] + "…"
    return {"coding": [{**on_coding, **coded}], "text": finding.text[:_LONGEST_TEXT]}


def operation_outcome(
    findings: Iterable[Finding], id_: str | None = None, *, profile: str = "operationoutcome"
) -> dict[str, Any]:
    """An OperationOutcome in the shape of real acknowledgements (spec §0.3 item 6).

    The profile demands an id (IC-01384): without one at hand it is derived from what is found.
    """
    found = list(on_the_wire(findings))
    derived = derived_id("OperationOutcome", *(part for one in found for part in (one.code, one.path)))
    return {
        "resourceType": "OperationOutcome",
        "id": id_ or derived,
        "meta": {"profile": [f"{DEFINITIONS}{profile}|1.0.0"]},
        "issue": [_issue(finding) for finding in found],
    }


def _issue(finding: Finding) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": finding.severity.value,
        "code": "business-rule",
        "details": _concept(finding),
    }
    if finding.hint:
        issue["diagnostics"] = finding.hint
    if finding.path:
        issue["expression"] = [finding.path]
    return issue
