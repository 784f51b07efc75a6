"""How much processor time and memory do these processes use? Read from /proc, so on Linux only."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
# Of the fields of /proc/PID/stat that follow the name: the parent, the first of four times, pages in memory.
_PARENT, _TIMES, _RESIDENT = 1, 11, 21


def seconds_used(processes: Iterable[int]) -> float:
    """Of those and all below them, those that have ended included."""
    return sum(_ticks(fields) for fields in _below(processes)) / _TICKS


def resident(processes: Iterable[int]) -> int:
    """Bytes in memory, of those and all below them; what they share is counted for each."""
    return sum(int(fields[_RESIDENT]) for fields in _below(processes)) * _PAGE


def parent_of(pid: int) -> int:
    """The process that started it."""
    return int(_fields(Path(f"/proc/{pid}/stat"))[_PARENT])


def _below(processes: Iterable[int]) -> list[list[str]]:
    found = dict(_all())
    below = set(processes)
    while more := {pid for pid, one in found.items() if int(one[_PARENT]) in below} - below:
        below |= more
    return [found[pid] for pid in below if pid in found]


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
