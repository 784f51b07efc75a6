"""Where are the parts joined? The one place that knows all rooms."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import claimgw
from claimgw.access.certificates import read_networks
from claimgw.access.operators import Operators
from claimgw.clearinghouse.beside.nursery import Nursery
from claimgw.clearinghouse.delivery.nodes import Role
from claimgw.clock import Clock, SystemClock
from claimgw.console.routes import create_console
from claimgw.endpoint import exchanges, health, questions
from claimgw.endpoint.entrance import Bounds, Entrance
from claimgw.endpoint.figures import Metrics
from claimgw.endpoint.gate import Gate
from claimgw.endpoint.identity import Doorkeeper
from claimgw.endpoint.mailbox import delivered
from claimgw.endpoint.mailbox.stream import MailboxEvents
from claimgw.endpoint.metadata import Metadata
from claimgw.endpoint.outcomes import on_bug, on_http_error, on_store_unavailable
from claimgw.endpoint.process_message import ProcessMessage
from claimgw.endpoint.request_id import RequestIds
from claimgw.endpoint.straight import Door, Straight
from claimgw.endpoint.validate import Validate
from claimgw.errors import StoreUnavailable
from claimgw.house import House, open_house, watching, working, works_beside
from claimgw.settings import Settings


def create_app(settings: Settings, clock: Clock | None = None, *, nursery: Nursery | None = None) -> FastAPI:
    """The gateway as an ASGI app. It opens its database when it starts and lets go of it when it stops.

    `nursery`: where the process beside it is to come from.
    """
    time = clock or SystemClock()
    doors: dict[str, Door] = {}
    entrance = Entrance(_bounds(settings, time), time)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_house(settings, time, Role.SERVE, nursery) as house, watching(house):
            app.state.house = house
            doors.update(_open_doors(app, house, settings, entrance))
            if settings.works:
                async with working(house):
                    yield
            else:
                yield

    app = FastAPI(
        title="claimgw",
        summary="A clearinghouse for FHIR R4 health claims",
        version=claimgw.__version__,
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        # FastAPI would look at every request whether somebody traces it; our own figures are in /metrics.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.add_middleware(Straight, doors=doors)
    app.add_middleware(RequestIds, clock=time)
    app.add_middleware(Gate, entrance=entrance, clock=time)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(StoreUnavailable, on_store_unavailable)
    app.add_exception_handler(Exception, on_bug)
    return app


def _open_doors(app: FastAPI, house: House, settings: Settings, entrance: Entrance) -> Mapping[str, Door]:
    """Answer at all addresses. What is handed back, the operations on messages, goes past the routes."""
    parts = house.parts
    doorkeeper = Doorkeeper(
        parts.registry,
        parts.clock,
        trusted=read_networks(settings.trusted_proxies),
        certificate_header=settings.certificate_header,
        open_house=settings.open,
    )
    app.add_api_route("/health/live", health.live, include_in_schema=False)
    app.router.routes.append(Route("/health/ready", health.Ready(parts).handle, methods=["GET"]))
    app.router.routes.append(Route("/health/ledger", health.Balanced(parts).handle, methods=["GET"]))
    if settings.metrics_host is None:
        app.router.routes.append(Route("/metrics", Metrics(parts).handle, methods=["GET"]))
    app.include_router(exchanges.routes(parts, doorkeeper))
    app.include_router(questions.routes(parts, doorkeeper))
    app.include_router(delivered.routes(parts, doorkeeper))
    listening = MailboxEvents(parts, doorkeeper, house.lookout, settings.mailbox_streams)
    app.router.routes.append(Route("/mailbox/events", listening.handle, methods=["GET"]))
    if settings.console:
        # Relative, so that it is right behind a proxy too; the mount's own redirect names a host.
        app.router.routes.append(Route("/console", _to_console, methods=["GET"]))
        operators = Operators(parts.database, parts.clock)
        app.mount(
            "/console",
            create_console(
                database=parts.database,
                operators=operators,
                clock=parts.clock,
                https=settings.tls_by_proxy or settings.tls_certificate is not None,
            ),
        )
    message = ProcessMessage(parts, house.sessions, doorkeeper, entrance)
    validate = Validate(parts, doorkeeper, entrance)
    metadata = Metadata(claimgw.__version__, parts.clock.now(), settings.repeat_minutes, settings.public_url)
    operations = {"validate": validate.handle, "process-message": message.handle}
    app.router.routes += [
        *metadata.routes(),
        *(Route(f"/{{base:path}}${name}", door, methods=["POST"]) for name, door in operations.items()),
    ]
    return operations


def _bounds(settings: Settings, clock: Clock) -> Bounds:
    """In an open house everybody shows the same credential, which is none: nobody can be told from others."""
    return Bounds(
        requests=settings.door_requests,
        sessions=settings.door_sessions,
        turns=settings.door_turns,
        licence_requests=settings.door_requests if settings.open else settings.licence_requests,
        licence_turns=settings.door_turns if settings.open else max(1, settings.door_turns // 16),
        licence_rate=0 if settings.open else settings.licence_rate,
        body_bytes=settings.door_bytes,
        beside=works_beside(settings, clock),
    )


async def _to_console(_: Request) -> Response:
    return Response(status_code=307, headers={"location": "console/"})


def create_metrics_app(house: House) -> Starlette:
    """The figures on an address of their own."""
    return Starlette(routes=[Route("/metrics", Metrics(house.parts).handle, methods=["GET"])])
