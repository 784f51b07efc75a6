"""How is the HL7 validator asked? One process, one message a line, one answer a line."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from campaigns.oracle.fetch import Fetched
from campaigns.oracle.issues import Issue, issue

_PROGRAM = Path(__file__).with_name("Oracle.java")
_JAVA = ("nice", "-n", "15", "java", "-Xmx3g")


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many definitions are not of R4 itself, and by address what is wrong with a snapshot."""

    count: int
    broken: Mapping[str, list[str]]


class Validator:
    """A context manager. `ask` sends, `answer` waits: between them there is time for our own verdict."""

    def __init__(self, fetched: Fetched) -> None:
        self._log = (fetched.home.parent / "log").open("wb")
        self._process = subprocess.Popen(
            [*_JAVA, f"-Duser.home={fetched.home}", "-cp", f"{fetched.jars}/*", _PROGRAM, *fetched.packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        loaded = self._read()
        self.loaded = Loaded(loaded["loaded"], loaded["broken"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def ask(self, raw: bytes) -> None:
        """`raw` is a message without line breaks. Each is to be answered before the next is asked."""
        assert self._process.stdin is not None
        self._process.stdin.write(raw + b"\n")
        self._process.stdin.flush()

    def answer(self) -> list[Issue]:
        """Errors and warnings; an exception of the validator is an error without place."""
        said = self._read()
        issues = [issue(one) for one in said["issues"]]
        if "failed" in said:
            issues.append(Issue("fatal", "", "Exception", "", said["failed"]))
        return issues

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the validator has ended; see {self._log.name}")
        answer: dict[str, Any] = json.loads(line)
        return answer
