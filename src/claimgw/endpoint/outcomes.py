"""How is something other than a message answered? As an OperationOutcome, whatever went wrong."""

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claimgw.access.permissions import UNIDENTIFIED
from claimgw.clearinghouse.open import Refusal
from claimgw.endpoint.body import FHIR_JSON
from claimgw.endpoint.request_id import HEADER, request_id
from claimgw.errors import StoreUnavailable
from claimgw.messages import replies
from claimgw.messages.findings import Finding

_log = structlog.get_logger(__name__)

_RETRY_AFTER = "5"
_FRAMES = 8


def refuse(refusal: Refusal) -> Response:
    """The refusal as it goes out."""
    response = fhir(replies.outcome(refusal.findings), refusal.status)
    if refusal.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if refusal.status == 503:
        response.headers["retry-after"] = _RETRY_AFTER
    return response


def fhir(body: bytes, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type=FHIR_JSON)


def stranger() -> Response:
    """To one who showed no usable credential; all kinds of them look the same from outside."""
    return refuse(Refusal(401, (Finding(UNIDENTIFIED.code, "", UNIDENTIFIED.text),)))


async def on_http_error(_: Request, fault: Exception) -> Response:
    """No such path, no such method."""
    assert isinstance(fault, HTTPException)
    text = {404: "There is nothing at this address", 405: "The address does not take this method"}.get(
        fault.status_code, "The request cannot be served"
    )
    finding = Finding("GE-00009", "", text, "POST a message to $process-message")
    response = refuse(Refusal(fault.status_code, (finding,)))
    response.headers.update(fault.headers or {})
    return response


async def on_store_unavailable(_: Request, fault: Exception) -> Response:
    """Nothing was acknowledged: the sender repeats with the same ids."""
    assert isinstance(fault, StoreUnavailable)
    _log.error("the store is away", action="answer", fault=str(fault))
    finding = Finding(
        "GE-00022",
        "",
        "The message could not be stored",
        "Send the same message, unchanged, again in a while",
    )
    return refuse(Refusal(503, (finding,)))


async def on_bug(request: Request, fault: Exception) -> Response:
    """What nobody foresaw. Neither answer nor log has the exception's text: it could quote the message.

    Outside the guarded doors it is called when the request has left the middleware that names it.
    """
    name = request_id(request)
    _log.error(
        "a request failed", action="answer", request_id=name, fault=type(fault).__name__, place=_place(fault)
    )
    finding = Finding(
        "GE-00001",
        "",
        "The gateway failed on this request",
        "Send it again; tell the operators if it fails again",
    )
    response = refuse(Refusal(500, (finding,)))
    if name:
        response.headers[HEADER] = name
    return response


def _place(fault: Exception) -> list[str]:
    """The last frames, innermost last."""
    frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


async def guarded(request: Request, serve: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer of a door that reads messages. A bug ends here: the server would log its text."""
    try:
        return await serve(request)
    except StoreUnavailable as fault:
        return await on_store_unavailable(request, fault)
    except Exception as fault:
        return await on_bug(request, fault)
