"""Is the answer to a cancellation or a status check about that very task, and its only one?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, codes_at
from claimgw.conformance.history.answered import earlier, pair_of
from claimgw.conformance.history.mentions import target_of
from claimgw.messages.findings import Finding


def repeated(case: Case) -> Iterator[Finding]:
    """BV-00939, BV-00466: the answer has the code of its request, and the reason it gave."""
    pair = pair_of(case, "Task")
    if pair is None:
        return
    for element, code in (("code", "BV-00939"), ("reasonCode", "BV-00466")):
        asked = codes_at(pair.asked.resource, element)
        if asked and set(codes_at(pair.answer.resource, element)) != set(asked):
            yield Finding(
                code,
                f"{pair.place}.{element}",
                f"The {element} of the answer is not that of the request",
                "Repeat that of the request",
            )


def open_request(case: Case) -> Iterator[Finding]:
    """BV-00940: the answer is the first, and about what was asked about."""
    pair = pair_of(case, "Task")
    if pair is None:
        return
    if earlier(case):
        yield Finding(
            "BV-00940", pair.place, "The request has been answered", "Answer a cancellation or a check once"
        )
    given = target_of(case.envelope, pair.answer.resource.get("focus"), pair.answer)
    asked = target_of(pair.question, pair.asked.resource.get("focus"), pair.asked)
    if given is not None and asked is not None and given != asked:
        yield Finding(
            "BV-00940",
            f"{pair.place}.focus",
            "The answer is about another message than the one that was asked about",
            "Repeat the focus of the request",
        )


def excuse(case: Case) -> Iterator[Finding]:
    """BV-00464: that it was claimed already is a reason not to cancel an authorization, never a claim."""
    pair, memory = pair_of(case, "Task"), case.memory
    if pair is None or memory is None:
        return
    target = target_of(pair.question, pair.asked.resource.get("focus"), pair.asked)
    aimed = memory.requests.get(target) if target else None
    reasons = {code for _, code in codes_at(pair.answer.resource, "statusReason")}
    if aimed is not None and aimed.event == "claim-request" and "claimed" in reasons:
        yield Finding(
            "BV-00464",
            f"{pair.place}.statusReason",
            "A claim is not cancelled because it was claimed; that is a reason for authorizations",
            "Give another reason",
        )
