"""What does a look find? Values only: what is decided from them is another question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from claimgw.store.troubles import DeadLetters, Unusable


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on people are told. Times are seconds.

    `machine`: what its own alerts are known by; `folders` and `certificate` are on it.
    """

    calm_seconds: float = 300
    window_seconds: float = 900
    invalid_least: int = 5
    invalid_share: float = 0.2
    mailbox_seconds: float = 86_400
    disk_bytes: int = 1024**3
    certificate_days: float = 21
    machine: str = "localhost"
    folders: Sequence[Path] = ()
    certificate: Path | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """An insurer whose breaker is open. `waiting`: how many messages wait for it."""

    insurer: str
    name: str
    since: datetime
    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One look. `back`: when those breakers closed that are closed; `mended`: insurers of whose answers
    people were told, and that gave a usable one of late; `dead_before`: when the last alert about dead
    letters ended. `free`: bytes by folder; the certificates: when each expires.
    """

    down: Sequence[Down] = ()
    back: Mapping[str, datetime] = field(default_factory=dict)
    unusable: Sequence[Unusable] = ()
    mended: frozenset[str] = frozenset()
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dead: Sequence[DeadLetters] = ()
    dead_before: Mapping[str, datetime] = field(default_factory=dict)
    mailboxes: Sequence[tuple[str, datetime]] = ()
    free: Mapping[Path, int] = field(default_factory=dict)
    server_certificate: datetime | None = None
    client_certificates: Mapping[str, datetime] = field(default_factory=dict)
    credentials: Mapping[str, datetime] = field(default_factory=dict)
