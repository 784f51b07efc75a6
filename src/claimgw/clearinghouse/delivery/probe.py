"""Is an insurer that was taken for down there again? Asked by one node at a time."""

import structlog

from claimgw.access.participants import Participant
from claimgw.clearinghouse.delivery.breaker import failed
from claimgw.clearinghouse.delivery.deliver import deliver
from claimgw.clearinghouse.delivery.outcomes import MEANING, Outcome
from claimgw.clearinghouse.delivery.take_up import take_up
from claimgw.clearinghouse.parts import Parts
from claimgw.store import attempts, lanes
from claimgw.store.breakers import Circuit

_log = structlog.get_logger(__name__)

# An adapter's look takes no longer (spi.Adapter.probe).
_LOOK_SECONDS = 5.0


async def probe(parts: Parts, insurer: Participant) -> None:
    """Find out if it is time and nobody else does; the breaker closes, or stays open until the next probe.

    The availability endpoint is asked where there is one. If it is well, or there is none, one held message
    has to get through too. Raises StoreUnavailable: then another node probes later.
    """
    async with parts.database.read() as unit:
        holds = bool(await lanes.due(unit, insurer.licence, parts.clock.now(), 1))
    if insurer.settings.health_endpoint is None and not holds:
        return  # the next request will be held, and then there is something to try
    seconds = _LOOK_SECONDS + insurer.settings.answer_seconds + parts.limits.lease
    probing = await parts.breakers.begin_probe(insurer, parts.node, seconds)
    if probing is None:
        return
    await parts.breakers.end_probe(insurer, probing, await _fault(parts, insurer, probing))
    parts.wake()


async def _fault(parts: Parts, insurer: Participant, probing: Circuit) -> str | None:
    """Why it is not there; None: it is."""
    line = parts.lines.line(insurer)
    if line is None:
        return "it has no connection"
    if insurer.settings.health_endpoint is not None:
        health = await line.probe()
        if not health.reachable:
            return f"its availability endpoint {health.detail}"
    return await _by_message(parts, insurer, probing)


async def _by_message(parts: Parts, insurer: Participant, probing: Circuit) -> str | None:
    """By the oldest. If it may be its own fault that it fails, it waits, and the next probe takes another."""
    # A connection is kept for it, whatever else is still in flight.
    at_once = insurer.settings.most_in_flight + 1
    taken = await take_up(parts, insurer.licence, insurer, 1, at_once=at_once)
    if not taken.claimed and insurer.settings.health_endpoint is None:
        return probing.reason
    for claimed in taken.claimed:
        await deliver(parts, claimed.exchange, claimed.request, claimed.attempt)
        async with parts.database.read() as unit:
            made = await attempts.of_exchange(unit, claimed.exchange.id)
        ending = next(one.outcome for one in made if one.id == claimed.attempt.id)
        outcome = Outcome(ending) if ending is not None else Outcome.ABANDONED
        if failed(outcome) is not False:
            return MEANING[outcome].when
    return None
