"""How far is our verdict that of the real server, on requests whose answers are known?

Pure: bytes and the server's findings in, counts out. Requests are judged in stages, as received at
Bundle.timestamp.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from claimgw.conformance.check import check
from claimgw.conformance.severity import Direction
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity, on_the_wire

Place = tuple[str, str]
# Of a message without a timestamp: every rule binds.
_UNKNOWN = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One request. Codes with the element in small letters; what is excluded is in none of the sets."""

    file: str
    accepted: bool  # by the server
    refused: bool  # by us
    theirs: frozenset[Place]
    ours: frozenset[Place]
    excluded: frozenset[Place]

    @property
    def found(self) -> frozenset[Place]:
        return self.theirs & self.ours

    @property
    def missing(self) -> frozenset[Place]:
        return self.theirs - self.ours

    @property
    def extra(self) -> frozenset[Place]:
        return self.ours - self.theirs


def judge(
    file: str, raw: bytes, errors: Iterable[Place], why_excluded: Callable[[str], str | None]
) -> Verdict:
    """`errors` are the server's, code and element; none: it accepted the request."""
    given = frozenset((code, element.lower()) for code, element in errors)
    found = [one for one in on_the_wire(_findings(raw)) if one.severity is Severity.ERROR]
    ours = frozenset((one.code, one.path.lower()) for one in found)
    excluded = frozenset(one for one in given | ours if why_excluded(one[0]))
    return Verdict(file, not given, bool(found), given - excluded, ours - excluded, excluded)


def _findings(raw: bytes) -> list[Finding]:
    envelope = read(raw)
    if not isinstance(envelope, Envelope):
        return [envelope]
    return check(envelope, _received(envelope), direction=Direction.REQUEST)


def _received(envelope: Envelope) -> datetime:
    stamp = envelope.bundle.get("timestamp")
    try:
        moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else _UNKNOWN
    except ValueError:
        moment = _UNKNOWN
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
