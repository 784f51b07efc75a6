"""How many calls may be taken now, of so many a second? Arithmetic of a bucket that fills by itself; pure."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

from claimgw.access.lanes import Rate
from claimgw.store.allowances import Allowance

# A node takes the calls of so long at once, and what it has not used by then lapses.
SLICE_SECONDS = 0.25
# Then the count begins anew, before a column overflows or a float loses calls.
_MOST_TAKEN = 1_000_000


def take(held: Allowance | None, licence: str, rate: Rate, now: datetime, most: int) -> tuple[int, Allowance]:
    """How many of `most` are granted, and the allowance as it is then. `rate` has a limit."""
    assert rate.per_second is not None
    full = Allowance(licence, now - timedelta(seconds=rate.most / rate.per_second), 0)
    if held is None or _there(held, rate, now) > rate.most:
        # It has filled up: what would run over is lost.
        held = full
    granted = max(0, min(most, math.floor(_there(held, rate, now) + 1e-6)))
    if held.taken > _MOST_TAKEN:
        held = Allowance(licence, held.since + timedelta(seconds=held.taken / rate.per_second), 0)
    return granted, replace(held, taken=held.taken + granted)


def slice_of(rate: Rate) -> int:
    """How many calls a node takes at once."""
    assert rate.per_second is not None
    return max(1, math.ceil(rate.per_second * SLICE_SECONDS))


def next_at(held: Allowance, rate: Rate) -> datetime:
    """When one more call can be had."""
    assert rate.per_second is not None
    return held.since + timedelta(seconds=(held.taken + 1) / rate.per_second)


def _there(held: Allowance, rate: Rate, now: datetime) -> float:
    assert rate.per_second is not None
    return (now - held.since).total_seconds() * rate.per_second - held.taken
