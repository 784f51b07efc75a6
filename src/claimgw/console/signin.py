"""How does an operator come in, and leave?"""

import hmac
import math
import re
import secrets
from http import HTTPStatus
from typing import assert_never

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from claimgw.access.operators import NotSignedIn, SignedIn
from claimgw.console.entrance import (
    SignInFirst,
    cookie_name,
    drop_cookie,
    named,
    read_form,
    set_cookie,
    signed_form,
    visitor,
)
from claimgw.console.room import room_of

# The form is there before the session: its token is in a cookie of its own, and in the form.
_FORM = "claimgw_signin"
_OURS = re.compile(r"/(queue|exchanges/[0-9a-f-]{36})?", re.ASCII)


async def show(request: Request) -> Response:
    """The form, or the overview for whoever is in already."""
    try:
        await visitor(request)
    except SignInFirst:
        return _form(request, _wanted(request.query_params.get("next", "/")))
    return go(request, "/")


async def enter(request: Request) -> Response:
    """Take name and password."""
    fields = await read_form(request)
    wanted = _wanted(fields.get("next", "/"))
    kept = request.cookies.get(named(request, _FORM), "")
    if not kept or not hmac.compare_digest(kept.encode(), fields.get("form", "").encode()):
        return _form(request, wanted, "The form was too old. Please try again.", HTTPStatus.FORBIDDEN)
    source = request.client.host if request.client else ""
    done = await room_of(request).operators.sign_in(
        fields.get("name", ""), fields.get("password", ""), source
    )
    match done:
        case SignedIn():
            answer: Response = go(request, wanted)
            set_cookie(request, answer, "claimgw_console", done.token)
            drop_cookie(request, answer, _FORM)
        case NotSignedIn(wait=0):
            answer = _form(request, wanted, "Name or password is wrong.", HTTPStatus.UNAUTHORIZED)
        case NotSignedIn():
            seconds = math.ceil(done.wait)
            told = f"Name or password is wrong. Too many tries: wait {seconds} s."
            answer = _form(request, wanted, told, HTTPStatus.TOO_MANY_REQUESTS)
            answer.headers["Retry-After"] = str(seconds)
        case _:
            assert_never(done)
    return answer


async def leave(request: Request) -> Response:
    """End the session."""
    await visitor(request)
    await signed_form(request)
    await room_of(request).operators.sign_out(request.cookies[cookie_name(request)])
    answer = go(request, "/sign-in")
    drop_cookie(request, answer, "claimgw_console")
    return answer


def go(request: Request, path: str) -> RedirectResponse:
    """See another page of the console."""
    return RedirectResponse(request.scope.get("root_path", "") + path, HTTPStatus.SEE_OTHER)


def _form(request: Request, wanted: str, told: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    token = secrets.token_urlsafe(24)
    answer = room_of(request).renderer.page(
        request, "signin.html", status=status, form=token, told=told, wanted=wanted
    )
    set_cookie(request, answer, _FORM, token)
    return answer


def _wanted(path: str) -> str:
    return path if _OURS.fullmatch(path) else "/"
