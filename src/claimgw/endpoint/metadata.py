"""GET /metadata and /OperationDefinition/{id}: what the gateway says of itself, to anybody."""

from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.endpoint.body import unwanted
from claimgw.endpoint.capability import capability_statement
from claimgw.endpoint.operations import OPERATIONS, operation_definition
from claimgw.endpoint.outcomes import fhir, refuse
from claimgw.messages.encode import encode


@dataclass(frozen=True, slots=True)
class Metadata:
    """`since` is when this process began to offer it; `address` the base that callers use, if it is set.

    Otherwise the base is the one that was asked, so that it is right wherever $process-message is served.
    """

    version: str
    since: datetime
    repeat_minutes: int
    address: str | None

    def routes(self) -> list[Route]:
        """At the root and under every base (spec §0.2)."""
        return [
            Route(base + path, handle, methods=["GET"])
            for path, handle in (
                ("/metadata", self.statement),
                ("/OperationDefinition/{id}", self.definition),
            )
            for base in ("", "/{base:path}")
        ]

    async def statement(self, request: Request) -> Response:
        if refusal := unwanted(request):
            return refuse(refusal)
        return fhir(
            encode(
                capability_statement(
                    self._base(request),
                    version=self.version,
                    at=self.since,
                    repeat_minutes=self.repeat_minutes,
                )
            )
        )

    async def definition(self, request: Request) -> Response:
        if refusal := unwanted(request):
            return refuse(refusal)
        operation = OPERATIONS.get(request.path_params["id"])
        if operation is None:
            raise HTTPException(404)
        base = self._base(request)
        return fhir(encode(operation_definition(operation, base=base, version=self.version, at=self.since)))

    def _base(self, request: Request) -> str:
        if self.address is not None:
            return self.address.rstrip("/")
        base = request.path_params.get("base", "")
        return f"{str(request.base_url).rstrip('/')}{'/' if base else ''}{base}"
