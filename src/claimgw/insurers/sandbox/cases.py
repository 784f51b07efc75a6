"""What does the insurer know of a claim? What came, and what it has said since, read back from its bytes."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from claimgw.insurers.sandbox.reading import (
    Request,
    Unreadable,
    code_of,
    first,
    number,
    read,
    record,
    records,
    text,
)
from claimgw.insurers.sandbox.terms import Json, extensions_named

# Messages of claims are kept to decide again and to pay; the oldest are forgotten beyond this many.
REMEMBERED = 2_000
CANCELLED = "cancelled"


class Kind(StrEnum):
    """What sort of case it is."""

    CLAIM = "claim"
    AUTHORIZATION = "authorization"
    ADVANCED = "advanced authorization"  # started by the insurer


@dataclass(frozen=True, slots=True)
class Answer:
    """A ClaimResponse as it was said. `benefit` is in SAR; `created` is a date or a time, as written."""

    identifier: Json
    outcome: str
    decision: str
    created: str
    benefit: Decimal


@dataclass(slots=True)
class Case:
    """One claim or authorization. `message` is what brought it; of an advanced one, its latest wording."""

    kind: Kind
    insurer: str
    provider: str
    identifier: Json
    message: bytes
    answers: list[Answer] = field(default_factory=list)
    questions: list[tuple[str, str]] = field(default_factory=list)
    number: str = ""  # preAuthRef
    cancelled: bool = False
    claimed: bool = False
    paid: bool = False

    @property
    def request(self) -> Request:
        return read(self.message)

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(one.outcome for one in self.answers)

    @property
    def state(self) -> str:
        """A code of remittance-outcome, or `cancelled`."""
        if self.cancelled:
            return CANCELLED
        return self.answers[-1].outcome if self.answers else "queued"

    @property
    def decision(self) -> str:
        """The adjudication outcome said last, or nothing."""
        return self.answers[-1].decision if self.answers else ""


# Insurer, provider, then system and value of the business identifier.
Key = tuple[str, str, str, str]


class Cases:
    """All cases of the insurers in one place."""

    def __init__(self) -> None:
        self._cases: OrderedDict[Key, Case] = OrderedDict()

    def __iter__(self) -> Iterator[Case]:
        """Each case once, oldest first; an advanced authorization goes by several identifiers."""
        return iter({id(one): one for one in self._cases.values()}.values())

    def named(self, value: str) -> Case | None:
        """The latest case whose identifier has that value, or whose preAuthRef it is, if any."""
        return next(
            (
                one
                for one in reversed(list(self))
                if value and value in {one.identifier.get("value"), one.number}
            ),
            None,
        )

    def remember(self, request: Request, message: bytes) -> Case:
        """Take up the Claim of a request; authorizations that it quotes are used from now on."""
        kind = Kind.CLAIM if request.event == "claim-request" else Kind.AUTHORIZATION
        insurer, provider = request.receiver.value, request.sender.value
        case = Case(kind, insurer, provider, request.identifier, message)
        self._keep(_key(insurer, provider, request.identifier), case)
        if kind is Kind.CLAIM:
            quoted = [one.get("preAuthRef") for one in records(request.focal.get("insurance"))]
            brought = [ref for refs in quoted if isinstance(refs, list) for ref in refs]
            for one in self:
                if (
                    (one.insurer, one.provider) == (insurer, provider)
                    and one.number
                    and one.number in brought
                ):
                    one.claimed = True
        return case

    def about(self, request: Request) -> Case | None:
        """The case of the sender's own that a Task has in focus, or that a Communication is about.

        A Communication may name the question that it answers instead (spec section 10, C-15).
        """
        insurer, provider = request.receiver.value, request.sender.value
        for identifier in references_of(request.focal):
            case = self._cases.get(_key(insurer, provider, identifier)) or next(
                (
                    one
                    for one in self
                    if (one.insurer, one.provider) == (insurer, provider)
                    and _named(identifier) in one.questions
                ),
                None,
            )
            if case is not None:
                return case
        return None

    def said(self, message: bytes) -> None:
        """Note what one of our messages told; what is no message of ours in the end told nothing."""
        try:
            told = read(message)
        except Unreadable:
            return
        if told.event == "advanced-authorization":
            self._advanced(told, message)
        for entry in told.bundle_entries:
            self._note(told, entry["resource"])

    def _note(self, told: Request, resource: Json) -> None:
        match resource.get("resourceType"):
            case "ClaimResponse":
                case = self._of(told, resource.get("request"))
                if case is not None and text(resource.get("outcome")):
                    case.answers.append(_answer(resource))
                    case.number = text(resource.get("preAuthRef")) or case.number
            case "CommunicationRequest":
                case = self._of(told, first(records(resource.get("about"))))
                if case is not None:
                    case.questions.append(_named(first(records(resource.get("identifier")))))
            case "Task" if told.event == "cancel-response" and resource.get("status") == "completed":
                case = self._of(told, resource.get("focus"))
                if case is not None:
                    case.cancelled = True
            case "PaymentReconciliation":
                for detail in records(resource.get("detail")):
                    case = self._of(told, detail.get("request"))
                    if case is not None:
                        case.paid = True
            case _:
                return

    def _advanced(self, told: Request, message: bytes) -> None:
        """A first one opens a case; another of the same number adds its identifier and its wording to it."""
        insurer, provider = told.sender.value, told.receiver.value
        preauth = text(told.focal.get("preAuthRef"))
        known = next(
            (
                one
                for one in self
                if one.kind is Kind.ADVANCED and (one.insurer, one.number) == (insurer, preauth)
            ),
            None,
        )
        case = known or Case(Kind.ADVANCED, insurer, provider, told.identifier, message, number=preauth)
        case.message, case.identifier = message, told.identifier
        case.answers.append(_answer(told.focal))
        reasons = extensions_named(["adjudication-reissue"], records(told.focal.get("extension")))
        case.cancelled = code_of(first(reasons).get("valueCodeableConcept")) == "cancel"
        self._keep(_key(insurer, provider, told.identifier), case)

    def _of(self, told: Request, reference: object) -> Case | None:
        identifier = record(record(reference).get("identifier"))
        return self._cases.get(_key(told.sender.value, told.receiver.value, identifier))

    def _keep(self, key: Key, case: Case) -> None:
        self._cases[key] = case
        if len(self._cases) > REMEMBERED:
            self._cases.popitem(last=False)


def references_of(resource: Json) -> list[Json]:
    """The identifiers of what a Task or a Communication is about or answers, the nearest first."""
    named = [
        record(resource.get("focus")),
        *records(resource.get("about")),
        *records(resource.get("basedOn")),
    ]
    return [found for one in named if (found := record(one.get("identifier")))]


def names_question(case: Case, resource: Json) -> bool:
    """Whether a Communication answers something that was asked in that case."""
    return any(_named(one) in case.questions for one in references_of(resource))


def _key(insurer: str, provider: str, identifier: Json) -> Key:
    return (insurer, provider, *_named(identifier))


def _named(identifier: Json) -> tuple[str, str]:
    return text(identifier.get("system")), text(identifier.get("value"))


def _answer(response: Json) -> Answer:
    decisions = extensions_named(["adjudication-outcome"], records(response.get("extension")))
    totals = records(response.get("total"))
    benefit = first([one for one in totals if code_of(one.get("category")) == "benefit"])
    return Answer(
        first(records(response.get("identifier"))),
        text(response.get("outcome")),
        code_of(first(decisions).get("valueCodeableConcept")),
        text(response.get("created")),
        number(record(benefit.get("amount")).get("value")) or Decimal("0.00"),
    )
