"""How far has a provider got with what a poll brought? Kept, so that a crash loses no message."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from claimgw.client.faults import ClientFault


@dataclass(frozen=True, slots=True)
class Pending:
    """A poll, as it was sent, and how many of its messages are finished.

    The gateway gives the same messages again to the same poll (spec §5.1), and no others.
    """

    request: bytes
    finished: int = 0


class PollState(Protocol):
    """Where the poll that is not finished yet is kept. One poll at a time may use it."""

    def load(self) -> Pending | None:
        """The unfinished poll, if there is one."""

    def save(self, pending: Pending | None) -> None:
        """Keep it, or None when it is finished. What was saved must be there after a crash."""


class PollMemory:
    """Keeps it as long as the process lives."""

    def __init__(self) -> None:
        self._pending: Pending | None = None

    def load(self) -> Pending | None:
        """The unfinished poll, if there is one."""
        return self._pending

    def save(self, pending: Pending | None) -> None:
        """Keep it, or None when it is finished."""
        self._pending = pending


class _Kept(msgspec.Struct):
    request: str
    finished: int


class PollFile:
    """Keeps it in a file, which is there or not, and never half written."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Pending | None:
        """The unfinished poll, if there is one. Raises ClientFault if the file is none of ours."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as fault:
            raise ClientFault(f"{self._file} keeps no poll: {fault}") from fault
        return Pending(kept.request.encode(), kept.finished)

    def save(self, pending: Pending | None) -> None:
        """Write it through to the disk, or remove the file. Raises OSError."""
        if pending is None:
            self._file.unlink(missing_ok=True)
            return
        written = self._file.with_name(self._file.name + ".new")
        with written.open("wb") as file:
            file.write(msgspec.json.encode(_Kept(pending.request.decode(), pending.finished)))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._file)
