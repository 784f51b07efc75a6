"""Are the server's findings and ours counted as they are?"""

import json

from claimgw.conformance.validator.schemas import standard
from claimgw.conformance.verdicts import Pair, judge
from tests.conformance.real_messages import needed, pairs, raw
from tests.conformance.sample import claim, resource


def _pair(*errors: tuple[str, str], fault: bool) -> Pair:
    message = claim()
    if fault:
        resource(message, 1)["mood"] = "calm"
    return Pair("one.json", json.dumps(message).encode(), errors)


def test_an_accepted_request_without_a_finding_agrees() -> None:
    report = judge([_pair(fault=False)], standard())
    assert report.refused_by_us == report.accepted_by_us == []
    assert report.verdicts[0].ours == frozenset()


def test_an_accepted_request_that_we_refuse_is_named() -> None:
    assert judge([_pair(fault=True)], standard()).refused_by_us == ["one.json"]


def test_elements_are_compared_without_case() -> None:
    place = "bundle.Entry[1].resource.MOOD"
    verdict = judge([_pair(("FR-00027", place), fault=True)], standard()).verdicts[0]
    assert verdict.found == {("FR-00027", "bundle.entry[1].resource.mood")}
    assert verdict.missing == verdict.extra == frozenset()


def test_what_needs_history_is_excluded_by_its_rule() -> None:
    report = judge([_pair(("BV-00725", "Bundle.entry[1].resource"), fault=False)], standard())
    assert report.accepted_by_us == []
    ((code, element, why),) = report.excluded
    assert (code, element) == ("BV-00725", "bundle.entry[1].resource")
    assert why.startswith("needs what came before")


def test_a_code_of_a_list_that_is_not_wholly_known_is_excluded() -> None:
    report = judge([_pair(("IB-00030", "Bundle.entry[1].resource.item[0]"), fault=False)], standard())
    assert [code for code, _, _ in report.excluded] == ["IB-00030"]


def test_a_request_that_is_refused_and_passes_here_is_named() -> None:
    report = judge([_pair(("BV-00059", "bundle.entry[1].resource.total"), fault=False)], standard())
    assert report.accepted_by_us == ["one.json"]
    assert report.verdicts[0].missing == {("BV-00059", "bundle.entry[1].resource.total")}


@needed
def test_the_verdict_is_that_of_the_real_server() -> None:
    report = judge([Pair(one.file, raw(one.file), tuple(one.errors)) for one in pairs()], standard())
    assert report.refused_by_us == []
    assert report.accepted_by_us == []
    theirs = sum(len(one.theirs) for one in report.verdicts)
    ours = sum(len(one.ours) for one in report.verdicts)
    assert sum(len(one.missing) for one in report.verdicts) <= 0.05 * theirs
    assert sum(len(one.extra) for one in report.verdicts) <= 0.05 * ours
