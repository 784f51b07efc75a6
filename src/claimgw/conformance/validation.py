"""How does a program of one's own check messages and resources, without a gateway?"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from claimgw.clock import Clock, SystemClock
from claimgw.conformance.alone import Imposing, check_alone
from claimgw.conformance.base import is_resource
from claimgw.conformance.check import examine
from claimgw.conformance.loading import load
from claimgw.conformance.severity import Direction, Level, Line, Severities, defaults, direction_of
from claimgw.conformance.tally import unlisted
from claimgw.conformance.unchecked import unchecked
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity, operation_outcome
from claimgw.messages.identifiers import Licence

# The insurers that the receiver of a message acts for, beside itself: those of a TPA.
Served = Callable[[Licence], frozenset[Licence]]

_SOUND = Finding("GE-00000", "", "Nothing is wrong", severity=Severity.INFORMATION)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one message or resource.

    `findings` are in the order of the stages, and in each stage in that of the text. Each has `code` (of
    nphies), `path` (FHIRPath: `Bundle.entry[2].resource.item[0].net`, `Patient.birthDate`; "" if the text as
    a whole is meant), `text`, `hint`, `severity` (`error`, `warning`, `information`), `source` (the profile
    it comes from, "" for base FHIR) and `companions` (code and path of what nphies writes beside it). None
    quotes a value of the message. There are at most a thousand, beside those of what could not be checked;
    `more` are the others, by severity: they are not listed, but count; beyond 200,000 they are not counted
    either, and the verdict is not `complete`. `resource_type` is `Bundle`, `Patient`
    and so on; "" if the text is no FHIR resource at all, and then the one finding says why.
    """

    resource_type: str
    findings: tuple[Finding, ...]
    more: Mapping[Severity, int] = field(default_factory=dict, hash=False)
    complete: bool = True

    @property
    def valid(self) -> bool:
        """Whether the gateway would let it pass: no finding is an error."""
        return not self.errors

    @property
    def errors(self) -> int:
        """How many findings forbid the message to go on."""
        return self._count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        return self._count(Severity.WARNING)

    @property
    def information(self) -> int:
        """How many findings only tell something, such as what could not be checked."""
        return self._count(Severity.INFORMATION)

    def as_operation_outcome(self) -> dict[str, Any]:
        """A FHIR OperationOutcome: one issue for each finding and each companion, or one that all is well.

        The code is in `details.coding`, the place in `expression`, the hint in `diagnostics`. A last issue
        tells how many more there are, if they are not all listed.
        """
        told = self.findings or (replace(_SOUND, path=self.resource_type),)
        if number := sum(self.more.values()):
            note = unlisted(self.resource_type, number, Severity.INFORMATION, complete=self.complete)
            told = (*told, note)
        return operation_outcome(told)

    def _count(self, severity: Severity) -> int:
        return sum(one.severity is severity for one in self.findings) + self.more.get(severity, 0)


class Validator:
    """Judges messages and resources by nphies' profiles and rules. Build it once and keep it.

    ```python
    from claimgw.conformance import Validator

    validator = Validator()
    verdict = validator.validate(open("claim.json", "rb").read())
    for finding in verdict.findings:
        print(finding.severity, finding.code, finding.path, finding.text, finding.hint)
    ```

    `packages` are folders of further FHIR packages, `codes` files or folders of big code lists (FHIR
    CodeSystem as `*.json`, tables as `*.csv`), `versions` those of nphies' guide that may be declared (none:
    all that are shipped). `severities` says how bad breaches are, by code, family (`BV`) or "" for all:
    `{"BV-00733": "warning", "IC-01620": "off"}`, in either direction; what is not named counts as claimgw
    ships it. `clock` tells when a message is received if its time is not given, `served` for which insurers
    a TPA may adjudicate (none, if nobody tells).

    A profile is compiled when a message first declares it, or all of them by `compile`. One validator may be
    used by several threads at once. Raises ConfigurationError for what cannot be read or honoured.
    """

    def __init__(
        self,
        *,
        packages: Iterable[str | Path] = (),
        codes: Iterable[str | Path] = (),
        versions: Iterable[str] = (),
        severities: Severities | Mapping[str, str] | None = None,
        clock: Clock | None = None,
        served: Served | None = None,
    ) -> None:
        self._schemas = load(_paths("packages", packages), _paths("codes", codes), tuple(versions))
        self._severities = _severities(severities)
        self._clock = clock or SystemClock()
        self._served = served or _nobody

    @classmethod
    def of(cls, schemas: Schemas, severities: Severities, clock: Clock, served: Served) -> Self:
        """With definitions that are loaded already, and what an operator may just have changed."""
        made = cls.__new__(cls)
        made._schemas, made._severities, made._clock, made._served = schemas, severities, clock, served
        return made

    def compile(self) -> None:
        """Compile every profile now: about a second, once, instead of some milliseconds at first use."""
        self._schemas.compile()

    def profiles(self, resource_type: str) -> tuple[str, ...]:
        """The canonicals, with version, that a resource of that type may declare."""
        return tuple(sorted(self._schemas.accepted.get(resource_type, ())))

    def validate(
        self,
        message: bytes | Mapping[str, Any],
        *,
        direction: Direction | str | None = None,
        received: datetime | None = None,
        profile: str | None = None,
        all_stages: bool = False,
    ) -> Verdict:
        """The verdict on JSON in UTF-8, or on the tree of it. Whatever stands in it, nothing is raised.

        A Bundle is judged as a message of nphies; any other resource by itself: then nothing is said of
        where its references lead. `profile` is a canonical, with or without version: judge by it whatever
        the resource declares. `direction` is whose message it is, `request`, `answer` or `notice`; None: as
        its event says. `received` (aware) is when it came, None: now; rules bind from a day on. Stages end at
        the first one with an error, as nphies does it (soundness; structure, codes, references; business
        rules); `all_stages` goes on.

        Raises ConfigurationError for a profile that the type does not have, ValueError for a time without a
        zone or a direction that there is not, TypeError for what is neither bytes nor a tree of JSON.
        """
        way = None if direction is None else Direction(direction)
        now = self._clock.now() if received is None else _aware(received)
        raw = _bytes(message)
        envelope = raw if isinstance(raw, Finding) else read(raw)
        if isinstance(envelope, Envelope):
            schemas = self._imposed(envelope.bundle, profile)
            found = examine(
                envelope,
                now,
                direction=way or direction_of(envelope.event),
                served=self._served(envelope.receiver) if envelope.receiver else frozenset(),
                all_stages=all_stages,
                schemas=schemas,
                severities=self._severities,
            )
            told = (*found.findings, *unchecked(envelope, schemas.terminology))
            return Verdict("Bundle", told, found.more, found.complete)
        if isinstance(raw, Finding):
            return Verdict("", (raw,))
        return self._alone(raw, envelope, way or Direction.REQUEST, now, profile, all_stages)

    def _alone(
        self, raw: bytes, fault: Finding, way: Direction, now: datetime, profile: str | None, all_stages: bool
    ) -> Verdict:
        """Of what is no message for that fault."""
        decoded = decode(raw)
        if isinstance(decoded, Finding):
            return Verdict("", (decoded,))
        type_ = _type(decoded)
        if isinstance(type_, Finding):
            return Verdict("", (type_,))
        schemas = self._imposed(decoded.tree, profile)
        if type_ == "Bundle":
            return Verdict(type_, (fault,))
        found = check_alone(
            raw,
            decoded,
            now,
            direction=way,
            all_stages=all_stages,
            schemas=schemas,
            severities=self._severities,
        )
        return Verdict(type_, found.findings, found.more, found.complete)

    def _imposed(self, resource: Mapping[str, Any], profile: str | None) -> Schemas:
        return self._schemas if profile is None else Imposing(self._schemas, resource, profile)


def _nobody(_: Licence) -> frozenset[Licence]:
    return frozenset()


def _type(decoded: Decoded) -> str | Finding:
    type_ = decoded.tree.get("resourceType") if isinstance(decoded.tree, dict) else None
    if not isinstance(type_, str):
        return Finding(
            "BV-00220",
            "",
            "The text is no FHIR resource: it has no resourceType",
            "Send a FHIR message Bundle, or one resource",
        )
    if not is_resource(type_):
        return Finding("RE-00180", "", "FHIR R4 has no such type of resource", "Correct resourceType")
    return type_


def _bytes(message: object) -> bytes | Finding:
    """A tree becomes the text it stands for: so it is judged as any other, decimals exact."""
    if isinstance(message, bytes):
        return message
    if not isinstance(message, Mapping):
        raise TypeError(f"a message is bytes or a dict of JSON, not {type(message).__name__}")
    try:
        return encode(message)
    except UnicodeEncodeError:
        return Finding("GE-00013", "", "A text holds half a character", "Send the message in UTF-8")
    except (TypeError, RecursionError) as fault:
        raise TypeError(f"this is not a tree of JSON: {type(fault).__name__}: {fault}") from fault


def _aware(received: datetime) -> datetime:
    if received.tzinfo is None:
        raise ValueError("the time of receipt has no zone; give an aware datetime")
    return received


def _paths(name: str, given: Iterable[str | Path]) -> tuple[Path, ...]:
    if isinstance(given, str | Path):
        raise TypeError(f"{name} is a list of paths; write [{str(given)!r}]")
    return tuple(map(Path, given))


def _severities(given: Severities | Mapping[str, str] | None) -> Severities:
    if isinstance(given, Severities):
        return given
    lines = []
    for of, level in (given or {}).items():
        try:
            lines.append(Line(of, dict.fromkeys(Direction, Level(level))))
        except ValueError:
            raise ConfigurationError(f"{of}: {level!r} is none of {', '.join(Level)}") from None
    return defaults().changed(lines) if lines else defaults()
