"""Does the sandbox's arithmetic hold, whatever is claimed?"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimgw.insurers.sandbox.adjudicate import (
    Adjudication,
    Amounts,
    Judgement,
    Line,
    Outcome,
    adjudicate,
    rounded,
    submitted,
)
from tests.insurers.sandbox_requests import claim, detail, item, sar

ZERO = Decimal(0)
amounts = st.decimals("0", "999999.99", places=2, allow_nan=False).map(str)
judgements = st.sampled_from(Judgement)


@st.composite
def items(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for sequence in range(1, draw(st.integers(1, 6)) + 1):
        parts = [detail(at, net) for at, net in enumerate(draw(st.lists(amounts, max_size=4)), start=1)]
        net = str(sum((part["net"]["value"] for part in parts), ZERO)) if parts else draw(amounts)
        package = draw(st.booleans())
        made.append(item(sequence, net, draw(amounts), draw(st.integers(0, 99)), parts, package))
    return made


def lines_of(adjudication: Adjudication) -> list[Line]:
    return [*adjudication.items, *(part for one in adjudication.items for part in one.details)]


@given(items(), judgements)
def test_totals_are_the_sums_of_the_items(claimed: list[dict[str, Any]], judgement: Judgement) -> None:
    adjudication = adjudicate(claim("C", items=claimed), judgement)
    for name in ("eligible", "copay", "benefit", "tax"):
        summed = sum((getattr(one.amounts, name) for one in adjudication.items), ZERO)
        assert getattr(adjudication.totals, name) == summed


@given(items(), judgements)
def test_benefit_and_copay_make_up_eligible_and_nothing_is_negative(
    claimed: list[dict[str, Any]], judgement: Judgement
) -> None:
    for line in lines_of(adjudicate(claim("C", items=claimed), judgement)):
        granted = line.amounts
        assert granted.benefit + granted.copay == granted.eligible
        assert min(granted.eligible, granted.copay, granted.benefit, granted.tax, line.quantity) >= 0


@given(items(), judgements)
def test_eligible_never_exceeds_what_was_submitted(
    claimed: list[dict[str, Any]], judgement: Judgement
) -> None:
    for asked, line in zip(claimed, adjudicate(claim("C", items=claimed), judgement).items, strict=True):
        assert line.amounts.tax <= line.amounts.eligible <= submitted(asked)


@given(items(), judgements)
def test_every_item_is_answered_under_its_sequence_and_with_its_details(
    claimed: list[dict[str, Any]], judgement: Judgement
) -> None:
    adjudication = adjudicate(claim("C", items=claimed), judgement)
    assert [one.sequence for one in adjudication.items] == [one["sequence"] for one in claimed]
    for asked, line in zip(claimed, adjudication.items, strict=True):
        package = asked["extension"][0]["valueBoolean"]
        expected = [] if package else [one["sequence"] for one in asked.get("detail", [])]
        assert [one.sequence for one in line.details] == expected


@given(items(), judgements)
def test_amounts_have_two_decimals(claimed: list[dict[str, Any]], judgement: Judgement) -> None:
    for line in lines_of(adjudicate(claim("C", items=claimed), judgement)):
        for amount in (line.amounts.eligible, line.amounts.copay, line.amounts.benefit, line.amounts.tax):
            assert amount.as_tuple().exponent == -2


@given(items())
def test_an_item_with_details_is_the_sum_of_them(claimed: list[dict[str, Any]]) -> None:
    for line in adjudicate(claim("C", items=claimed), Judgement.PARTIAL).items:
        if line.details:
            assert line.amounts == sum((one.amounts for one in line.details), start=Amounts())


def test_an_approved_item_is_granted_in_full_less_a_fifth() -> None:
    (line,) = adjudicate(claim("C", items=[item(1, "115.00", "15.00", 2)]), Judgement.APPROVE).items
    assert (line.outcome, line.reason) == (Outcome.APPROVED, None)
    assert line.amounts == Amounts(Decimal("115.00"), Decimal("23.00"), Decimal("15.00"))
    assert (line.amounts.benefit, line.quantity) == (Decimal("92.00"), Decimal(2))


def test_the_copay_is_capped() -> None:
    (line,) = adjudicate(claim("C", items=[item(1, "10000.00")]), Judgement.APPROVE).items
    assert line.amounts.copay == Decimal("75.00")


def test_a_partial_claim_halves_its_first_item_and_says_why() -> None:
    adjudication = adjudicate(claim("C", items=[item(1, "0.05", "0.01"), item(2)]), Judgement.PARTIAL)
    first, second = adjudication.items
    assert adjudication.outcome is Outcome.PARTIAL
    assert (first.outcome, first.reason and first.reason.code) == (Outcome.PARTIAL, "CV-3-1")
    assert first.amounts.eligible == Decimal("0.03")  # half up
    assert (second.outcome, second.reason) == (Outcome.APPROVED, None)


def test_a_rejected_claim_is_granted_nothing_and_says_why() -> None:
    adjudication = adjudicate(claim("C"), Judgement.REJECT)
    assert adjudication.outcome is Outcome.REJECTED
    assert adjudication.totals == Amounts()
    for line in adjudication.items:
        assert (line.outcome, line.reason and line.reason.code) == (Outcome.REJECTED, "MN-1-1")
        assert (line.amounts, line.quantity) == (Amounts(), ZERO)


def test_a_net_that_is_absent_is_worked_out_from_price_and_quantity() -> None:
    asked = item(1, tax="1.50", quantity=3) | {"unitPrice": sar("10.00"), "factor": Decimal("0.5")}
    del asked["net"]
    assert submitted(asked) == Decimal("16.50")


@pytest.mark.parametrize("net", [None, "7", True, Decimal("-5"), Decimal("1E+99999"), Decimal("NaN"), 10**30])
def test_a_net_that_is_no_amount_never_breaks_the_arithmetic(net: Any) -> None:
    asked = item(1) | {"net": {"value": net}}
    assert adjudicate(claim("C", items=[asked]), Judgement.APPROVE).totals.eligible >= 0


@pytest.mark.parametrize(
    ("exact", "money"), [("0.005", "0.01"), ("0.004", "0.00"), ("2.675", "2.68"), ("100", "100.00")]
)
def test_rounding_is_half_up_to_two_decimals(exact: str, money: str) -> None:
    assert str(rounded(Decimal(exact))) == money
