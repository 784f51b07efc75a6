"""Does an answer adjudicate the items of the claim, each under its number, with details and invoice?"""

from collections.abc import Iterator, Mapping
from typing import Any

from claimgw.conformance.case import Case, extensions_at, items_at, objects_at
from claimgw.conformance.history.answered import Pair, pair_of
from claimgw.conformance.history.mentions import extended
from claimgw.messages.findings import Finding

_ITEM = {"claim-response": "BV-00046", "priorauth-response": "BV-00120"}
_DETAIL = {"claim-response": "BV-00026", "priorauth-response": "BV-00115"}


def numbers(case: Case) -> Iterator[Finding]:
    """BV-00046, BV-00120: each item that is answered is one of the request, under that number."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None:
        return
    asked = _by_number(pair.asked.resource, "item", "sequence")
    for index, item in objects_at(pair.answer.resource, "item"):
        number = item.get("itemSequence")
        if isinstance(number, int) and number not in asked:
            yield Finding(
                _ITEM[case.event],
                f"{pair.place}.item[{index}].itemSequence",
                "The answer has an item that the request has not",
                "Give the item the sequence it has in the request; what is added is an addItem",
            )


def details(case: Case) -> Iterator[Finding]:
    """BV-00026, BV-00115, BV-00070: so are its details, but those of a package, and their sub-details."""
    pair = pair_of(case, "ClaimResponse")
    for here, item, asked in _matched(pair) if pair else ():
        known = _by_number(asked, "detail", "sequence")
        for index, detail in objects_at(item, "detail"):
            number, place = detail.get("detailSequence"), f"{here}.detail[{index}]"
            if not isinstance(number, int) or _is_package(asked):
                continue
            if number not in known:
                yield Finding(
                    _DETAIL[case.event],
                    f"{place}.detailSequence",
                    "The answer has a detail that the item of the request has not",
                    "Give the detail the sequence it has in the request",
                )
            else:
                yield from _sub_details(detail, known[number], place)


def _sub_details(detail: Any, asked: Any, here: str) -> Iterator[Finding]:
    known = _by_number(asked, "subDetail", "sequence")
    for index, one in objects_at(detail, "subDetail"):
        number = one.get("subDetailSequence")
        if isinstance(number, int) and number not in known:
            yield Finding(
                "BV-00070",
                f"{here}.subDetail[{index}].subDetailSequence",
                "The answer has a sub-detail that the detail of the request has not",
                "Give the sub-detail the sequence it has in the request",
            )


def completeness(case: Case) -> Iterator[Finding]:
    """BV-00097: a complete answer leaves no item of the request out; an added item may stand for some."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None or pair.answer.resource.get("outcome") != "complete":
        return
    given = _by_number(pair.answer.resource, "item", "itemSequence").keys() | {
        number
        for _, added in objects_at(pair.answer.resource, "addItem")
        for number in items_at(added, "itemSequence")
        if isinstance(number, int)
    }
    if _by_number(pair.asked.resource, "item", "sequence").keys() - given:
        yield Finding(
            "BV-00097",
            f"{pair.place}.outcome",
            "The answer is complete, and leaves items of the request out",
            "Adjudicate every item of the request, or answer with outcome partial",
        )


def invoices(case: Case) -> Iterator[Finding]:
    """BV-00534, BV-00537: an item repeats the number of the patient's invoice that the claim gives it."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None or case.event != "claim-response":
        return
    for here, item, asked in _matched(pair):
        wanted = extended(asked, "patientInvoice")
        index = next((index for index, _ in extensions_at(item, "patientInvoice")), None)
        if wanted is not None and index is None:
            yield Finding(
                "BV-00537",
                f"{here}.extension",
                "The item of the claim has a patient's invoice, the answer has none",
                "Repeat the extension patientInvoice",
            )
        elif wanted is not None and extended(item, "patientInvoice") != wanted:
            yield Finding(
                "BV-00534",
                f"{here}.extension[{index}].value",
                "The answer names another patient's invoice than the item of the claim",
                "Repeat system and value of the claim's patientInvoice",
            )


def _matched(pair: Pair) -> Iterator[tuple[str, Any, Any]]:
    """Place and content of each item that is answered, and the item of the request."""
    asked = _by_number(pair.asked.resource, "item", "sequence")
    for index, item in objects_at(pair.answer.resource, "item"):
        number = item.get("itemSequence")
        if isinstance(number, int) and number in asked:
            yield f"{pair.place}.item[{index}]", item, asked[number]


def _by_number(holder: Any, element: str, number: str) -> Mapping[int, Any]:
    return {one[number]: one for _, one in objects_at(holder, element) if isinstance(one.get(number), int)}


def _is_package(item: Any) -> bool:
    return any(one.get("valueBoolean") is True for _, one in extensions_at(item, "package"))
