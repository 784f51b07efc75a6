"""Does any JSON in any place get findings, in linear time? `make fuzz`; exit 1 if not."""

import argparse
import random
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from campaigns.junk import message, repeated
from campaigns.samples import samples
from campaigns.spec import Json
from campaigns.verdict import findings
from claimgw.conformance import Direction
from claimgw.conformance.rulebook.catalogue import listed
from claimgw.messages.findings import Finding

COUNT = 100_000
SEED = 20261121
# A judgement of a valid message takes some 0.2 µs a byte. The clock is this process's own work, and the bound
# is loose: it is there for what grows faster than the message.
_SECONDS = 1.0
_SECONDS_PER_BYTE = 10e-6
# One in so many is tried again with its junk repeated.
_GROWTH_EVERY = 250
_FEW, _MANY = 250, 2000
_SLACK = 0.3


class Defect(Exception):
    """A message was not judged as it must be. Says how, never what is in the message."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the index to begin with")
    options = parser.parse_args()
    valid = [sample.bundle for sample in samples().values()]
    print(f"seed {options.seed}", flush=True)
    defects: dict[str, list[int]] = defaultdict(list)
    before = time.process_time()
    for index in range(options.first, options.first + options.count):
        try:
            once(valid, options.seed, index)
        except Defect as defect:
            defects[str(defect)].append(index)
        if (index + 1) % 10_000 == 0:
            print(f"{index + 1}: {time.process_time() - before:.0f} s", flush=True)
    for what, indexes in defects.items():
        again = f"--seed {options.seed} --from {indexes[0]} --count 1"
        print(f"{what}: {len(indexes)} messages; the first again: {again}")
    print(f"{options.count} messages, {sum(map(len, defects.values()))} not judged as they must be")
    return 1 if defects else 0


def once(valid: Sequence[Json], seed: int, index: int) -> None:
    """Make and judge one message; the seed and the index make it again. Raises Defect."""
    chance = random.Random(f"{seed} {index}")
    raw, direction = message(valid, chance), chance.choice(list(Direction))
    spent = _judged(raw, direction)
    if spent > _SECONDS + _SECONDS_PER_BYTE * len(raw):
        raise Defect(f"more than {_SECONDS:g} s and {_SECONDS_PER_BYTE * 1e6:g} µs a byte")
    if index % _GROWTH_EVERY == 0:
        few, many = (_judged(text, direction) for text in repeated(valid, chance, _FEW, _MANY))
        if many > 2 * few * _MANY / _FEW + _SLACK:
            raise Defect(f"time that grows faster than junk repeated {_FEW} and {_MANY} times")


def _judged(raw: bytes, direction: Direction) -> float:
    """Seconds of work until the findings are there."""
    before = time.process_time()
    try:
        found = findings(raw, direction)
    except Exception as fault:  # whatever it is, it is what is looked for
        raise Defect(f"{type(fault).__name__} in {_line(fault)}") from fault
    spent = time.process_time() - before
    if not all(isinstance(one, Finding) and one.code in _codes() for one in found):
        raise Defect("what was found is no finding")
    return spent


@cache
def _codes() -> frozenset[str]:
    """Those of nphies' list, and the one of notes, for which the guide has none."""
    return frozenset({*listed(), "GE-00000"})


def _line(fault: Exception) -> str:
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"


if __name__ == "__main__":
    sys.exit(main())
