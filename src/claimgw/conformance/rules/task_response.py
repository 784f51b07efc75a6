"""Is the Task of an answer what spec §6.0 wants: its code, its state, its parties?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, codes_at, place
from claimgw.messages.envelope import Entry
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import CODES, GATEWAY

_ANSWERS = frozenset({"cancel-response", "nullify-response", "status-response", "referral-response"})


def result(case: Case) -> Iterator[Finding]:
    """BV-00893, BV-00894: the code of a referral's answer, and whether it is done."""
    if (task := _answer(case)) is None:
        return
    codes = codes_at(task.resource, "code")
    if case.event == "referral-response" and codes and (CODES + "task-code", "referral") not in codes:
        yield Finding(
            "BV-00893",
            f"{place(task)}.code",
            "The task code does not go with the event",
            "Use referral of task-code",
        )
    if task.resource.get("status") not in ("completed", "failed", None):
        yield Finding(
            "BV-00894",
            f"{place(task)}.status",
            "The task of an answer is neither completed nor failed",
            "Set it to completed or failed",
        )


def parties(case: Case) -> Iterator[Finding]:
    """BV-00913, BV-00915: the requester is the receiver, the owner the sender."""
    if (task := _answer(case)) is None:
        return
    envelope = case.envelope
    # What the gateway answers in an insurer's place keeps the owner of the request.
    sender = None if envelope.sender == GATEWAY else envelope.sender
    for element, party, code, role in (
        ("requester", envelope.receiver, "BV-00913", "receiver"),
        ("owner", sender, "BV-00915", "sender"),
    ):
        given = envelope.party(task.resource.get(element), task)
        if given is not None and party is not None and given != party:
            yield Finding(
                code, f"{place(task)}.{element}", f"The {element} is not the {role}", "Let both be one"
            )


def _answer(case: Case) -> Entry | None:
    focal = case.envelope.focal
    return focal if case.event in _ANSWERS and focal and focal.type == "Task" else None
