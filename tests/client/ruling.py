"""What does an insurer of the tests decide? To pay every item in full."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from claimgw.client import Line, Request, Ruling


def ruling(request: Request, **more: Any) -> Ruling:
    """All items and details approved; `more` are fields of Ruling."""
    return Ruling(tuple(_lines(request.focal.resource["item"])), **more)


def _lines(rows: list[dict[str, Any]]) -> Iterator[Line]:
    for row in rows:
        net = Decimal(row["net"]["value"])
        amounts = {"eligible": net, "copay": Decimal("0.00"), "benefit": net, "tax": Decimal("0.00")}
        yield Line(row["sequence"], "approved", amounts, 1, details=tuple(_lines(row.get("detail", []))))
