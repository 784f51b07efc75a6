"""What is told of a request that waits for a person: its ids, tries and last fault, and has it arrived?"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived, Outcome
from claimgw.store import Unit, attempts, letters, messages
from claimgw.store.letters import Selection
from claimgw.store.records import Attempt, Exchange


@dataclass(frozen=True, slots=True)
class Letter:
    """One request of the queue, with the ids it was sent under and its attempts, first to last."""

    exchange: Exchange
    header_id: str
    bundle_id: str
    attempts: Sequence[Attempt]

    @property
    def arrived(self) -> Arrived:
        """Whether the insurer can have it: yes if one attempt says so; an open one may have arrived."""
        told = {Arrived.UNKNOWN if one.outcome is None else _arrived(one.outcome) for one in self.attempts}
        return next((one for one in (Arrived.YES, Arrived.UNKNOWN) if one in told), Arrived.NO)

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def last_error(self) -> str:
        """How the last attempt ended, and what came with it; empty without any."""
        if self.last is None:
            return ""
        if self.last.outcome is None:
            return "open"
        detail = f" ({self.last.detail})" if self.last.detail else ""
        return f"{self.last.outcome}{detail}"


async def oldest(unit: Unit, chosen: Selection, most: int) -> list[Letter]:
    """The first of them that were accepted."""
    return await of(unit, await letters.oldest(unit, chosen, most))


async def everyone(unit: Unit, chosen: Selection) -> AsyncIterator[Letter]:
    """All of them, state by state, the oldest first."""
    async for page in letters.all_of(unit, chosen):
        for letter in await of(unit, page):
            yield letter


async def of(unit: Unit, chosen: Sequence[Exchange]) -> list[Letter]:
    """Of these exchanges, in their order."""
    ids = [one.id for one in chosen]
    tries = await attempts.of_exchanges(unit, ids)
    sent = await messages.wire_ids(unit, ids)
    return [Letter(one, *sent[one.id], tries.get(one.id, [])) for one in chosen]


def _arrived(outcome: str) -> Arrived:
    return MEANING[Outcome(outcome)].arrived
