"""POST /$validate: what is wrong with a message, without sending it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from claimgw.access.callers import Stranger
from claimgw.clearinghouse.open import Refusal
from claimgw.clearinghouse.parts import Parts
from claimgw.conformance import check, direction_of
from claimgw.conformance.severity import Severities
from claimgw.conformance.unchecked import unchecked
from claimgw.endpoint.body import read_body, unacceptable
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.outcomes import fhir, guarded, refuse, stranger
from claimgw.messages import replies
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity

_PARAMETERS = {"stages": "all"}


@dataclass(frozen=True, slots=True)
class Validate:
    """The FHIR operation: an OperationOutcome with every finding, or one that says nothing is wrong.

    Staged like the gateway itself (spec §0.3 item 1): `?stages=all` shows all there is at once.
    """

    parts: Parts
    doorkeeper: Doorkeeper

    async def handle(self, request: Request) -> Response:
        return await guarded(request, self._serve)

    async def _serve(self, request: Request) -> Response:
        if refusal := unacceptable(request, _PARAMETERS):
            return refuse(refusal)
        if isinstance(await self.doorkeeper.caller(request), Stranger):
            return stranger()
        raw = await read_body(request)
        if isinstance(raw, Refusal):
            return refuse(raw)
        envelope = read(raw)
        if isinstance(envelope, Finding):
            return fhir(replies.outcome([envelope]))
        all_stages = "stages" in request.query_params
        severities = (await self.parts.registry.current()).severities
        return fhir(replies.outcome(self._findings(envelope, severities, all_stages=all_stages)))

    def _findings(self, envelope: Envelope, severities: Severities, *, all_stages: bool) -> list[Finding]:
        schemas = self.parts.schemas
        sound = Finding("GE-00000", "Bundle", "Nothing is wrong", severity=Severity.INFORMATION)
        found = check(
            envelope,
            self.parts.clock.now(),
            direction=direction_of(envelope.event),
            all_stages=all_stages,
            schemas=schemas,
            severities=severities,
        )
        return [*(found or [sound]), *unchecked(envelope, schemas.terminology)]
