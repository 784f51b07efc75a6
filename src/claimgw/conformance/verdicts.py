"""How far is our verdict that of the real server, on requests whose answers are known?

Pure: bytes and the server's findings in, counts out. Requests are judged in stages, as received at
Bundle.timestamp.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from claimgw.conformance.check import check
from claimgw.conformance.rulebook.scopes import undecidable
from claimgw.conformance.severity import Direction
from claimgw.conformance.validator.schemas import Schemas
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, errors, on_the_wire

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


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and the server's findings, code and element; none: it accepted the request."""

    file: str
    raw: bytes
    errors: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All requests of a folder. `excluded` are code, element and reason."""

    verdicts: tuple[Verdict, ...]
    excluded: tuple[tuple[str, str, str], ...]

    @property
    def refused_by_us(self) -> list[str]:
        return [one.file for one in self.verdicts if one.accepted and one.refused]

    @property
    def accepted_by_us(self) -> list[str]:
        """Those the server refused for a reason that can be told from the message."""
        return [one.file for one in self.verdicts if not one.accepted and not one.refused and one.theirs]


def judge(pairs: Iterable[Pair], schemas: Schemas) -> Report:
    """What is excluded is so by its rule, never by its file: history, registry, value sets half known."""
    why = undecidable(schemas.definitions, schemas.terminology)
    verdicts = tuple(_judged(pair, why, schemas) for pair in pairs)
    excluded = {(code, element, why[code]) for one in verdicts for code, element in one.excluded}
    return Report(verdicts, tuple(sorted(excluded)))


def _judged(pair: Pair, why: Mapping[str, str], schemas: Schemas) -> Verdict:
    given = frozenset((code, element.lower()) for code, element in pair.errors)
    found = errors(on_the_wire(_findings(pair.raw, schemas)))
    ours = frozenset((one.code, one.path.lower()) for one in found)
    excluded = frozenset(one for one in given | ours if one[0] in why)
    return Verdict(pair.file, not given, bool(found), given - excluded, ours - excluded, excluded)


def _findings(raw: bytes, schemas: Schemas) -> list[Finding]:
    envelope = read(raw)
    if not isinstance(envelope, Envelope):
        return [envelope]
    return check(envelope, _received(envelope), direction=Direction.REQUEST, schemas=schemas)


def _received(envelope: Envelope) -> datetime:
    stamp = envelope.bundle.get("timestamp")
    try:
        moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else _UNKNOWN
    except ValueError:
        moment = _UNKNOWN
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
