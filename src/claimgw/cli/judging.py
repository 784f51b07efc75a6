"""How are many files judged: one after the other, or by several processes at once?"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from claimgw.cli.excerpts import Excerpt, excerpts
from claimgw.cli.send import STDIN, read_file
from claimgw.conformance import Direction, Validator, Verdict
from claimgw.errors import ConfigurationError

# Fewer files are judged sooner than a process is ready for them.
_WORTH_A_PROCESS = 64
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class How:
    """By what the files are judged; the same for all of them."""

    packages: tuple[Path, ...]
    codes: tuple[Path, ...]
    versions: tuple[str, ...]
    direction: Direction | None
    profile: str | None
    all_stages: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """One file. `excerpts` stand beside the findings; without a verdict, `unread` says why."""

    file: str
    verdict: Verdict | None
    excerpts: tuple[Excerpt | None, ...] = ()
    unread: str = ""

    @property
    def valid(self) -> bool:
        return self.verdict is not None and self.verdict.valid


def judge_all(files: Sequence[Path], how: How) -> Iterator[Judged]:
    """In the order of the files. Raises ConfigurationError for what cannot be used to judge by."""
    _validator(how)
    processes = min(os.cpu_count() or 1, len(files) // _WORTH_A_PROCESS)
    if processes < 2 or Path(STDIN) in files:  # another process has no standard input
        yield from (_judge(file, how) for file in files)
        return
    # Where it can be had, a copy of this process with all that is compiled already; no thread runs yet.
    start = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    with ProcessPoolExecutor(processes, multiprocessing.get_context(start)) as pool:
        yield from pool.map(_judge, files, [how] * len(files), chunksize=_AT_ONCE)


@cache
def _validator(how: How) -> Validator:
    return Validator(packages=how.packages, codes=how.codes, versions=how.versions)


def _judge(file: Path, how: How) -> Judged:
    try:
        raw = read_file(file)
    except ConfigurationError as fault:
        return Judged(str(file), None, unread=str(fault))
    verdict = _validator(how).validate(
        raw, direction=how.direction, profile=how.profile, all_stages=how.all_stages
    )
    # Looking for places takes twice as long as judging; notes alone are not worth it.
    faulty = verdict.errors + verdict.warnings > 0
    shown = excerpts(raw, verdict) if faulty else [None] * len(verdict.findings)
    return Judged(str(file), verdict, tuple(shown))
