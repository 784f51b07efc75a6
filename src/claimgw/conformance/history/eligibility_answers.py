"""Is an eligibility answer about what was asked: the request, the patient, the day, the purpose?"""

from collections.abc import Iterator
from typing import Any

from claimgw.conformance.case import Case, extensions_at, items_at, objects_at, place, text_at
from claimgw.conformance.history.answered import answer_of, earlier, pair_of, request_of
from claimgw.conformance.history.beyond import unknown
from claimgw.conformance.history.claim_answers import another_patient
from claimgw.conformance.memory import Key, Standing
from claimgw.conformance.rules.facts.spans import Span, span
from claimgw.messages.findings import Finding

_ANSWER = "CoverageEligibilityResponse"
_REQUEST = "CoverageEligibilityRequest"


def request(case: Case) -> Iterator[Finding]:
    """BV-00028, BV-00151, BV-00152: the request is on record, is the one that was sent, and is open."""
    answer = answer_of(case)
    if answer is None or answer.type != _ANSWER or case.memory is None:
        return
    asked, named, here = request_of(case), case.envelope.request_identifier, f"{place(answer)}.request"
    if asked is None:
        yield unknown(
            case,
            "BV-00028",
            here,
            "The answer is to an eligibility request that was not sent",
            "Give the identifier of the request as it was received",
        )
    elif named is None or (asked.key and Key.of(_REQUEST, named) != asked.key):
        yield Finding(
            "BV-00151",
            here,
            "The answer does not give the identifier of the request it answers",
            "Repeat system and value of the request's identifier",
        )
    if asked is not None and (asked.standing is Standing.REFUSED or earlier(case)):
        yield Finding(
            "BV-00152",
            here,
            "The request was refused, or has been answered",
            "Answer an eligibility request once",
        )


def patient(case: Case) -> Iterator[Finding]:
    """BV-00075: the patient has an identifier in common with the one who was asked about."""
    pair = pair_of(case, _ANSWER)
    if pair is not None and another_patient(case, pair):
        yield Finding(
            "BV-00075",
            f"{pair.place}.patient",
            "The answer is about another patient than the request",
            "Repeat the patient of the request, with an identifier given there",
        )


def serviced(case: Case) -> Iterator[Finding]:
    """BV-00067: the answer is about the day, or a day of the period, that was asked about."""
    pair = pair_of(case, _ANSWER)
    given, asked = (_days(one.resource) for one in (pair.answer, pair.asked)) if pair else (None, None)
    if pair and given and asked and (given.before(asked) or asked.before(given)):
        yield Finding(
            "BV-00067",
            f"{pair.place}.serviced",
            "The answer is about other days than the request",
            "Repeat the date or the period of the request",
        )


def _days(resource: Any) -> Span | None:
    if found := span(resource.get("servicedDate")):
        return found
    first, last = (span(text_at(resource, "servicedPeriod", end)) for end in ("start", "end"))
    return Span(first.first, last.last) if first and last else None


def purpose(case: Case) -> Iterator[Finding]:
    """BV-00483: the answer has the purposes of the request."""
    pair = pair_of(case, _ANSWER)
    if pair is None:
        return
    given, asked = (
        {one for one in items_at(entry.resource, "purpose") if isinstance(one, str)}
        for entry in (pair.answer, pair.asked)
    )
    if given != asked:
        yield Finding(
            "BV-00483",
            f"{pair.place}.purpose",
            "The purposes of the answer are not those of the request",
            "Answer what was asked for: repeat the purposes of the request",
        )


def referral(case: Case) -> Iterator[Finding]:
    """BV-00865, BV-00879: asked about a referral, and only then, the answer says whether there is one."""
    pair = pair_of(case, _ANSWER)
    if pair is None:
        return
    wanted = any(one.get("valueBoolean") is True for _, one in extensions_at(pair.asked.resource, "referral"))
    told = [
        f"{pair.place}.insurance[{index}].extension[{mark}]"
        for index, insurance in objects_at(pair.answer.resource, "insurance")
        for mark, _ in extensions_at(insurance, "referral-exist")
    ]
    if wanted and not told and pair.answer.resource.get("outcome") == "complete":
        yield Finding(
            "BV-00865",
            f"{pair.place}.insurance",
            "The request asks about a referral, and the answer does not say whether there is one",
            "Add the extension referral-exist",
        )
    for here in () if wanted else told:
        yield Finding(
            "BV-00879",
            here,
            "The answer speaks of a referral, and was not asked about one",
            "Leave referral-exist out",
        )
