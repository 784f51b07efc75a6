"""Where are the messages real servers exchanged, and what did they say of each?"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "messages"
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real messages are not beside the repository")


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and the errors of the real server as (code, place); none if it was accepted."""

    file: str
    errors: frozenset[tuple[str, str]]


@cache
def pairs() -> tuple[Pair, ...]:
    if not FOLDER.is_dir():
        return ()
    with (FOLDER / "pairs.tsv").open(encoding="utf-8") as table:
        return tuple(
            Pair(row["request"], frozenset(re.findall(r"(\S+?)@([^;]+?)\s*(?:;|$)", row["errors"])))
            for row in csv.DictReader(table, delimiter="\t")
        )


def accepted() -> list[str]:
    return [pair.file for pair in pairs() if not pair.errors]


def files(*patterns: str) -> list[str]:
    return sorted({path.name for pattern in patterns for path in FOLDER.glob(pattern)})


def raw(file: str) -> bytes:
    return (FOLDER / file).read_bytes()
