"""Which orders does the control page take, and what stands in the JSON of each? This table is all of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from claimgw.insurers.sandbox.adjudicate import Judgement
from claimgw.insurers.sandbox.control import Control, Handed
from claimgw.insurers.sandbox.questions import DEFAULT_TEXT

Text = Annotated[str, Meta(min_length=1, max_length=250)]


class Pay(Struct, forbid_unknown_fields=True):
    pass


class PayEvery(Struct, forbid_unknown_fields=True):
    seconds: Annotated[float, Meta(ge=0)]


class Ask(Struct, forbid_unknown_fields=True):
    claim: Text
    text: Text = DEFAULT_TEXT


class Decide(Struct, forbid_unknown_fields=True):
    claim: Text
    outcome: Judgement = Judgement.APPROVE


class Authorize(Struct, forbid_unknown_fields=True):
    provider: Text
    insurer: str = ""


class Restate(Struct, forbid_unknown_fields=True):
    number: Text
    outcome: Judgement = Judgement.APPROVE


class Revoke(Struct, forbid_unknown_fields=True):
    number: Text


class Behave(Struct, forbid_unknown_fields=True):
    behaviour: Text
    number: Annotated[int, Meta(ge=0)] | None = None
    times: Annotated[int, Meta(ge=0, le=1000)] = 1


@dataclass(frozen=True, slots=True)
class Order:
    """One row: its name in the path, the shape of its JSON, one that could be sent, what it does."""

    name: str
    shape: type[Struct]
    example: str
    sentence: str
    run: Callable[[Control, Any], Awaitable[list[Handed]]]

    async def given(self, control: Control, body: bytes) -> list[Handed]:
        """Carry it out; an empty body is one without members. Raises msgspec.DecodeError too."""
        return await self.run(control, msgspec.json.decode(body or b"{}", type=self.shape))


async def _pay_every(control: Control, order: PayEvery) -> list[Handed]:
    control.pay_every(order.seconds)
    return []


async def _behave(control: Control, order: Behave) -> list[Handed]:
    control.behave(order.behaviour, number=order.number, times=order.times)
    return []


ORDERS = {
    row.name: row
    for row in (
        Order(
            "pay",
            Pay,
            "{}",
            "Pays every complete claim with a benefit that was not paid yet: one payment-reconciliation for"
            " each provider.",
            lambda control, _: control.pay(),
        ),
        Order(
            "pay-every",
            PayEvery,
            '{"seconds": 60}',
            "Pays at that interval from now on; 0 ends it.",
            _pay_every,
        ),
        Order(
            "ask",
            Ask,
            '{"claim": "CLM-1", "text": "Please send the report."}',
            "Sends a communication-request about the claim; the communication that answers it has the claim"
            " decided anew.",
            lambda control, order: control.ask(order.claim, order.text),
        ),
        Order(
            "decide",
            Decide,
            '{"claim": "CLM-1", "outcome": "partial"}',
            "Posts the complete answer to the claim now: approve, partial or reject.",
            lambda control, order: control.decide(order.claim, order.outcome),
        ),
        Order(
            "authorize",
            Authorize,
            '{"provider": "PR-1001"}',
            "Sends the provider an advanced authorization; with several insurers here, name the insurer too.",
            lambda control, order: control.authorize(order.provider, order.insurer),
        ),
        Order(
            "restate",
            Restate,
            '{"number": "<preAuthRef>", "outcome": "partial"}',
            "Sends an advanced authorization again under its preAuthRef, with a reissue reason.",
            lambda control, order: control.restate(order.number, order.outcome),
        ),
        Order(
            "revoke",
            Revoke,
            '{"number": "<preAuthRef>"}',
            "Cancels an advanced authorization.",
            lambda control, order: control.revoke(order.number),
        ),
        Order(
            "behave",
            Behave,
            '{"behaviour": "SILENT", "number": 2, "times": 3}',
            "Meets the next so many new messages as that behaviour says, whatever their identifiers ask for.",
            _behave,
        ),
    )
}
