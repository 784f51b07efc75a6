"""Is the Task of a poll, cancel or status check what spec §5.2 and §6.0 want?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, absent, codes_at, object_at, objects_at, place, text_at
from claimgw.conformance.rules.facts.moments import ahead
from claimgw.messages.envelope import Entry
from claimgw.messages.events import EVENTS
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import CODES

_CODES = CODES + "task-code"
_INPUTS = CODES + "task-input-type"
_INCLUDE, _EXCLUDE, _COUNT, _PERIOD = "include-message-type", "exclude-message-type", "count", "period"
_BINDINGS = (
    (
        "code",
        "task-code",
        frozenset({"poll", "status", "cancel", "nullify", "referral", "release", "reprocess"}),
        "IB-00218",
    ),
    ("reasonCode", "task-reason-code", frozenset({"WI", "NP", "TAS"}), "IB-00227"),
    (
        "statusReason",
        "task-status-reason",
        frozenset({"in-process", "rejected", "claimed", "referral-utilized"}),
        "IB-00229",
    ),
)
_MOST = 100  # messages in one answer to a poll


@dataclass(frozen=True, slots=True)
class _Request:
    """What the Task of an event must have: one of the codes, a focus, or inputs."""

    codes: frozenset[str]
    breach: str  # the nphies code of another task code
    no_focus: str = ""  # and of a missing focus


_REQUESTS = {
    "poll-request": _Request(frozenset({"poll"}), "BV-00910"),
    "cancel-request": _Request(frozenset({"cancel", "nullify"}), "BV-00908", "IC-00398"),
    "status-check": _Request(frozenset({"status"}), "BV-00909", "IC-00401"),
}


def mandatory(case: Case) -> Iterator[Finding]:
    """IC-00294 … IC-00308, IC-00398, IC-00401, IC-01613: what a task message wants beyond base FHIR."""
    found = _request(case)
    if found is None:
        return
    task, request = found
    wanted = {
        "id": "IC-01613",
        "meta": "IC-00301",
        "identifier": "IC-00296",
        "code": "IC-00295",
        "priority": "IC-00306",
        "authoredOn": "IC-00294",
        "lastModified": "IC-00300",
        "requester": "IC-00307",
        "owner": "IC-00305",
    }
    if request.no_focus:
        wanted["focus"] = request.no_focus
    for element, code in wanted.items():
        if absent(task.resource, element):
            yield Finding(
                code, f"{task.path}.{element}", "A mandatory element of the task is missing", "Add it"
            )
    for index, identifier in objects_at(task.resource, "identifier"):
        for part in ("system", "value"):
            if identifier and part not in identifier:
                yield Finding(
                    "IC-01428",
                    f"{task.path}.identifier[{index}].{part}",
                    f"The identifier has no {part}",
                    "Add it",
                )
    focus = object_at(task.resource, "focus")
    if focus and "type" not in focus:
        yield Finding(
            "IC-01428", f"{task.path}.focus.type", "The focus has no type", "Name the type of resource"
        )


def bindings(case: Case) -> Iterator[Finding]:
    """IB-00218, IB-00227, IB-00229: codes of the lists a Task is bound to."""
    found = _request(case)
    for element, name, codes, code in _BINDINGS:
        given = codes_at(found[0].resource, element) if found else []
        if found and given and not any(system == CODES + name and one in codes for system, one in given):
            yield Finding(
                code, f"{found[0].path}.{element}", "The code is not of the bound list", f"Use {name}"
            )


def inputs(case: Case) -> Iterator[Finding]:
    """IB-00292 … IB-00294, DT-01301, DT-01303, DT-01304: the parameters of a poll."""
    if (task := _poll(case)) is None:
        return
    for index, given in objects_at(task.resource, "input"):
        here = f"{task.path}.input[{index}]"
        codes = codes_at(given, "type")
        if not codes:
            continue  # IC-00297, or its type is no concept
        system, code = codes[0]
        if system != _INPUTS or code not in (_INCLUDE, _EXCLUDE, _COUNT, _PERIOD):
            yield Finding(
                "IB-00292",
                f"{here}.type",
                "Polls know no such parameter",
                "Use include-message-type, exclude-message-type, count or period",
            )
        elif code in (_INCLUDE, _EXCLUDE):
            if _message_type(given) not in EVENTS:
                yield Finding(
                    "IB-00293" if code == _INCLUDE else "IB-00294",
                    f"{here}.value",
                    "The message type is not given as valueCode of an event",
                    "Give valueCode with a code of ksa-message-events",
                )
        elif code == _COUNT:
            yield from _count(given, here)
        elif "valuePeriod" not in given:
            yield Finding("DT-01304", f"{here}.value", "The period is no Period", "Give valuePeriod")
    kinds = {code for _, given in objects_at(task.resource, "input") for _, code in codes_at(given, "type")}
    if {_INCLUDE, _EXCLUDE} <= kinds:
        yield Finding(
            "IB-00292",
            f"{task.path}.input",
            "The poll both includes and excludes message types",
            "Give one of the two",
        )


def _count(given: dict[str, Any], here: str) -> Iterator[Finding]:
    count = given.get("valuePositiveInt", given.get("valueInteger"))
    if type(count) is not int:
        yield Finding(
            "DT-01301", f"{here}.value", "The count is no positive integer", "Give valuePositiveInt"
        )
    elif not 1 <= count <= _MOST:
        yield Finding("DT-01303", f"{here}.value", "The count is out of bounds", f"Give 1 to {_MOST}")


def _message_type(given: dict[str, Any]) -> str | None:
    # A CodeableConcept is tolerated (spec C-07).
    if code := text_at(given, "valueCode"):
        return code
    codes = codes_at(given, "valueCodeableConcept")
    return codes[0][1] if codes else None


def one_period(case: Case) -> Iterator[Finding]:
    """BV-00216: one period at most."""
    task = _poll(case)
    periods = [
        index
        for index, given in objects_at(task.resource if task else None, "input")
        if any(code == _PERIOD for _, code in codes_at(given, "type"))
    ]
    if task and len(periods) > 1:
        yield Finding(
            "BV-00216", f"{place(task)}.input[{periods[1]}]", "The poll has two periods", "Give one"
        )


def fixed(case: Case) -> Iterator[Finding]:
    """BV-00907, BV-00329, BV-00892, BV-00908 … BV-00910: status, intent, priority and code."""
    found = _request(case)
    if found is None:
        return
    task, request = found
    here = place(task)
    for element, wanted, code in (
        ("status", "requested", "BV-00907"),
        ("intent", "order", "BV-00329"),
        ("priority", "routine", "BV-00892"),
    ):
        given = task.resource.get(element)
        if given is not None and given != wanted:
            yield Finding(code, f"{here}.{element}", f"The {element} is not {wanted}", f"Set it to {wanted}")
    codes = codes_at(task.resource, "code")
    if codes and not any(system == _CODES and code in request.codes for system, code in codes):
        yield Finding(
            request.breach,
            f"{here}.code",
            "The task code does not go with the event",
            f"Use {' or '.join(sorted(request.codes))} of task-code",
        )


def dates(case: Case) -> Iterator[Finding]:
    """BV-00867, BV-00471: neither date is in the future, give or take the clocks."""
    found = _request(case)
    for element, code in (("authoredOn", "BV-00867"), ("lastModified", "BV-00471")):
        if found and ahead(text_at(found[0].resource, element), case.now):
            yield Finding(
                code,
                f"{place(found[0])}.{element}",
                "The time lies in the future",
                "Set the clock, or correct the time",
            )


def parties(case: Case) -> Iterator[Finding]:
    """BV-00912, BV-00914: the requester is the sender, the owner the receiver."""
    found = _request(case)
    if found is None:
        return
    task, envelope = found[0], case.envelope
    for element, party, code, role in (
        ("requester", envelope.sender, "BV-00912", "sender"),
        ("owner", envelope.receiver, "BV-00914", "receiver"),
    ):
        given = envelope.party(task.resource.get(element), task)
        if given is not None and party is not None and given != party:
            yield Finding(
                code, f"{place(task)}.{element}", f"The {element} is not the {role}", "Let both be one"
            )


def out_of_place(case: Case) -> Iterator[Finding]:
    """BV-00071, BV-00467, BV-00873, BV-00874: elements of other task messages."""
    found = _request(case)
    if found is None:
        return
    task, here = found[0].resource, place(found[0])
    cancels = case.event == "cancel-request"
    if cancels and "reasonCode" not in task:
        yield Finding("BV-00071", f"{here}.reasonCode", "The cancellation gives no reason", "Add reasonCode")
    for element, allowed, code in (
        ("reasonCode", cancels, "BV-00467"),
        ("statusReason", False, "BV-00873"),
        ("input", case.event == "poll-request" or cancels, "BV-00874"),
    ):
        if not allowed and task.get(element) not in (None, []):
            yield Finding(code, f"{here}.{element}", "This task may not have the element", "Leave it out")


def _request(case: Case) -> tuple[Entry, _Request] | None:
    request, focal = _REQUESTS.get(case.event), case.envelope.focal
    return (focal, request) if request and focal and focal.type == "Task" else None


def _poll(case: Case) -> Entry | None:
    found = _request(case)
    return found[0] if found and case.event == "poll-request" else None
