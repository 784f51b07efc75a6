"""POST /$validate: what is wrong with a message or a resource, without sending it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from claimgw.access.callers import Caller, Stranger
from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.admit import served_by
from claimgw.clearinghouse.beside.heavy import is_heavy
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.clearinghouse.rehearse import rehearse
from claimgw.conformance import Validator
from claimgw.endpoint.body import unacceptable
from claimgw.endpoint.entrance import Entrance
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import fhir, guarded, refuse, stranger
from claimgw.endpoint.parameters import asked
from claimgw.endpoint.prospects import prospect
from claimgw.errors import ConfigurationError
from claimgw.messages.encode import encode
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Licence

_PARAMETERS = {"stages": "all", "profile": "", "submit": "dry"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; `rehearsed`: what would become of the message."""

    profile: str | None
    all_stages: bool
    rehearsed: bool


@dataclass(frozen=True, slots=True)
class Validate:
    """The FHIR operation: an OperationOutcome with every finding, or one that says nothing is wrong.

    The status is 200 whatever is found, and 400 for what is no FHIR resource at all. Staged like the gateway
    itself (spec §0.3 item 1): `?stages=all` shows all there is at once. `?submit=dry` also tells what would
    become of the message if the caller sent it now.
    """

    parts: Parts
    doorkeeper: Doorkeeper
    entrance: Entrance

    async def handle(self, request: Request) -> Response:
        return await guarded(request, self._serve)

    async def _serve(self, request: Request) -> Response:
        if refusal := unacceptable(request, _PARAMETERS):
            return refuse(refusal)
        caller = await self.doorkeeper.caller(request)
        if isinstance(caller, Stranger):
            return stranger()
        return await self.entrance.through(request, caller, lambda raw: self._answer(request, caller, raw))

    async def _answer(self, request: Request, caller: Caller, raw: bytes) -> Response:
        asked_for = request.query_params
        wanted = Wanted(asked_for.get("profile"), "stages" in asked_for, "submit" in asked_for)
        beside = self.parts.beside
        told: bytes | Refusal = await (
            beside.do("validate", raw, caller, wanted)
            if beside is not None and is_heavy(raw)
            else validated(self.parts, raw, caller, wanted)
        )
        return refuse(told) if isinstance(told, Refusal) else fhir(told)


async def validated(parts: Parts, raw: bytes, caller: Caller, wanted: Wanted) -> bytes | Refusal:
    """The OperationOutcome as bytes, or why nothing can be said."""
    if wanted.rehearsed:
        return await _rehearsed(parts, raw, caller, wanted)
    question = asked(raw, wanted.profile)
    if isinstance(question, Refusal):
        return question
    validator = _validator(parts, await parts.registry.current())
    try:
        verdict = validator.validate(
            question.resource, profile=question.profile, all_stages=wanted.all_stages
        )
    except ConfigurationError as fault:
        return Refusal(400, (Finding("GE-00016", "", "The profile cannot be used", str(fault)),))
    if not verdict.resource_type:
        return Refusal(400, verdict.findings)
    return encode(verdict.as_operation_outcome())


async def _rehearsed(parts: Parts, raw: bytes, caller: Caller, wanted: Wanted) -> bytes | Refusal:
    if wanted.profile is not None:
        text = "A message is sent under the profiles it declares"
        return Refusal(400, (Finding("GE-00016", "", text, "Leave profile or submit out"),))
    told = await rehearse(parts, raw, caller, all_stages=wanted.all_stages)
    return told if isinstance(told, Refusal) else encode(prospect(told))


def _validator(parts: Parts, registry: Snapshot) -> Validator:
    now = parts.clock.now()

    def served(receiver: Licence) -> frozenset[Licence]:
        participant = registry.participant(str(receiver))
        return served_by(participant, registry, now) if participant else frozenset()

    return Validator.of(parts.schemas, registry.severities, parts.clock, served)
