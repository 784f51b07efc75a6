"""What must an adapter to an insurer do? One call, four endings, and it never raises."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from claimgw.clock import Clock
from claimgw.errors import ConfigurationError

GROUP = "claimgw.insurers"


class NotSentFault(StrEnum):
    """Why no byte of the request can have been read by the insurer."""

    UNRESOLVED = "unresolved"  # the name of the host leads nowhere
    REFUSED = "refused"  # nobody listens there
    CONNECT_TIMEOUT = "connect-timeout"
    TLS = "tls"  # certificate expired, wrong host, unknown authority, handshake broken
    PAUSED = "paused"  # the gateway itself held back


class UnansweredFault(StrEnum):
    """Why it is unknown whether the insurer has the request: a connection stood, no whole answer came."""

    SILENT = "silent"  # the deadline passed
    RESET = "reset"
    CLOSED = "closed"  # the peer closed before or inside its answer


@dataclass(frozen=True, slots=True)
class NotSent:
    """The insurer cannot have received anything."""

    fault: NotSentFault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The request may have arrived; it may be sent again only under the same MessageHeader.id."""

    fault: UnansweredFault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole HTTP answer was read. `retry_after` is in seconds, from the header of that name."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class TooLarge:
    """An answer came, larger than the cap after decompression; reading stopped there."""

    status: int
    cap: int


Reply = NotSent | Unanswered | Answered | TooLarge


@dataclass(frozen=True, slots=True)
class Health:
    """What a look at the insurer's availability endpoint showed. `seconds` is how long it took."""

    reachable: bool
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Tls:
    """How the connection to one insurer is secured. Files are PEM; nothing here ever falls back."""

    authority: Path | None = None  # None: the system's authorities
    certificate: Path | None = None  # our own client certificate
    key: Path | None = None
    check_hostname: bool = True


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything an adapter may know of the insurer it serves. Times are seconds, sizes are bytes.

    `licence` is the number as it stands on the wire, in the payer-license system.
    """

    licence: str
    name: str
    endpoint: str
    health_endpoint: str | None = None
    connect_seconds: float = 5.0
    answer_cap: int = 10 * 1024 * 1024
    most_connections: int = 32
    tls: Tls = field(default_factory=Tls)


# The way in for what an in-process insurer starts by itself: a message in, its acknowledgement out.
Door = Callable[[bytes], Awaitable[bytes]]


class Adapter(Protocol):
    """One insurer, for the life of the process."""

    async def deliver(self, message: bytes, *, seconds: float) -> Reply:
        """Hand over one message, unchanged, and wait for the whole answer, `seconds` in all.

        Never raises, save for the cancellation of the task it runs in.
        """

    async def probe(self) -> Health:
        """See whether the insurer is there, within 5 s, without sending it a message."""

    async def close(self) -> None:
        """Let go of connections and tasks. After it, nothing else is called."""


class AdapterFactory(Protocol):
    """What an entry point of the group `claimgw.insurers` names."""

    def __call__(self, connection: Connection, *, clock: Clock, door: Door) -> Adapter: ...


def find_adapter(name: str) -> AdapterFactory:
    """The adapter registered under that name. Raises ConfigurationError naming those there are."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise ConfigurationError(f"no insurer adapter is called {name!r}; installed ones: {known}")
    factory: AdapterFactory = found[name].load()
    return factory
