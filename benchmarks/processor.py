"""How much processor time have these processes used? Read from /proc, so on Linux only."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# Of the fields of /proc/PID/stat that follow the name: the parent, and the first of four times.
_PARENT, _TIMES = 1, 11


def seconds_used(processes: Iterable[int]) -> float:
    """Of those and all below them, those that have ended included."""
    found = dict(_all())
    below = set(processes)
    while more := {pid for pid, one in found.items() if int(one[_PARENT]) in below} - below:
        below |= more
    return sum(_ticks(found[pid]) for pid in below if pid in found) / _TICKS


def parent_of(pid: int) -> int:
    """The process that started it."""
    return int(_fields(Path(f"/proc/{pid}/stat"))[_PARENT])


def _all() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), _fields(folder / "stat")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended


def _fields(stat: Path) -> list[str]:
    # The name stands in parentheses and may hold anything.
    return stat.read_text().rpartition(")")[2].split()


def _ticks(fields: list[str]) -> int:
    # In user and kernel mode, then the same of children that were waited for.
    return sum(int(field) for field in fields[_TIMES : _TIMES + 4])
