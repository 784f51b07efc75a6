"""Which address leads to which page, and what is shown when something goes wrong?"""

from http import HTTPStatus
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from claimgw.access.operators import Operators
from claimgw.clock import Clock
from claimgw.console import batches, casefile, delivery, ledger, overview, participant, queue, search, signin
from claimgw.console.balance import Books
from claimgw.console.entrance import SignInFirst
from claimgw.console.files import answer_file, read_files
from claimgw.console.pages import LEDGER, OVERVIEW, QUEUE, SEARCH
from claimgw.console.rendering import Renderer
from claimgw.console.room import Room, room_of
from claimgw.console.seal import Sealed
from claimgw.console.watch import Watch
from claimgw.errors import StoreUnavailable
from claimgw.store.database import Database


def create_console(*, database: Database, operators: Operators, clock: Clock, https: bool = False) -> ASGIApp:
    """The console, to be mounted anywhere: it asks its requests where that is.

    `https`: browsers reach it by TLS that a proxy ends, so cookies are marked for TLS although requests
    arrive here in plain HTTP.
    """
    files = read_files()

    async def file(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return answer_file(request, found)

    app = Starlette(
        routes=[
            Route(OVERVIEW.path, overview.show),
            Route("/live", overview.live),
            Route("/sign-in", signin.show, methods=["GET"]),
            Route("/sign-in", signin.enter, methods=["POST"]),
            Route("/sign-out", signin.leave, methods=["POST"]),
            Route("/resume", delivery.resume, methods=["POST"]),
            Route(SEARCH.path, search.show),
            Route(QUEUE.path, queue.show),
            Route("/queue/confirm", queue.confirm, methods=["POST"]),
            Route("/queue/resend", queue.resend, methods=["POST"]),
            Route("/queue/stop", queue.stop, methods=["POST"]),
            Route(LEDGER.path, ledger.show),
            Route("/batches/{batch_id}", batches.show),
            Route("/participants/{licence:path}", participant.show),
            Route("/exchanges/{exchange_id}", casefile.show),
            Route("/exchanges/{exchange_id}/live", casefile.live),
            Route("/exchanges/{exchange_id}/content", casefile.content, methods=["POST"]),
            Route("/static/{name}", file),
        ],
        exception_handlers={
            SignInFirst: _sign_in_first,
            HTTPException: _refused,
            StoreUnavailable: _away,
            Exception: _broken,
        },
    )
    app.state.room = Room(
        database,
        operators,
        clock,
        Watch(database, clock),
        Books(database, clock),
        Renderer(files, clock),
        https=https,
    )
    return Sealed(app)


async def _sign_in_first(request: Request, _: Exception) -> Response:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path.endswith("/live"):
        return Response(status_code=HTTPStatus.UNAUTHORIZED)
    wanted = f"?next={quote(path)}" if request.method == "GET" and path not in ("", "/") else ""
    return signin.go(request, f"/sign-in{wanted}")


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    status = HTTPStatus(fault.status_code)
    told = {
        HTTPStatus.NOT_FOUND: "There is no such page. What you followed may be an old address.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This page cannot be asked for in that way.",
    }.get(status, fault.detail)
    answer = _fault(request, status, status.phrase, told)
    answer.headers.update(fault.headers or {})
    return answer


async def _away(request: Request, _: Exception) -> Response:
    told = (
        "The database does not answer. Messages are refused until it does; nothing that was accepted is lost."
    )
    answer = _fault(request, HTTPStatus.SERVICE_UNAVAILABLE, "The database is away", told)
    answer.headers["Retry-After"] = "5"
    return answer


async def _broken(request: Request, _: Exception) -> Response:
    told = "Something went wrong on our side. The gateway's log has the details under this time."
    return _fault(request, HTTPStatus.INTERNAL_SERVER_ERROR, "This page broke", told)


def _fault(request: Request, status: HTTPStatus, title: str, told: str) -> Response:
    return room_of(request).renderer.page(
        request, "fault.html", status=status, code=int(status), title=title, told=told
    )
