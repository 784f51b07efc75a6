"""Who is at the door, may they do this, and is this form one of ours?"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from claimgw.access.operators import Role, Session, csrf_holds, csrf_token
from claimgw.console.room import room_of

_LARGEST_FORM = 16 * 1024
# A box and a hidden field for each of fifty rows, and what goes with them.
_MOST_FIELDS = 120


class SignInFirst(Exception):
    """There is no session, or it is over."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in. `csrf` goes into every form made for them."""

    session: Session
    csrf: str

    @property
    def name(self) -> str:
        return self.session.name

    @property
    def role(self) -> Role:
        return self.session.role

    @property
    def may_act(self) -> bool:
        return self.role.covers(Role.OPERATOR)


async def visitor(request: Request) -> Visitor:
    """Whoever holds a good session; an Authorization header counts for nothing here. Raises SignInFirst."""
    token = request.cookies.get(cookie_name(request))
    session = await room_of(request).operators.session(token) if token else None
    if token is None or session is None:
        raise SignInFirst
    return Visitor(session, csrf_token(token))


async def acting_visitor(request: Request) -> tuple[Visitor, dict[str, str]]:
    """Who sends this form, an operator at least, and its fields. Raises SignInFirst, HTTPException 403."""
    who = await visitor(request)
    fields = await signed_form(request)
    if not who.may_act:
        raise HTTPException(HTTPStatus.FORBIDDEN, "A viewer may look, and change nothing. Ask an operator.")
    return who, fields


async def signed_form(request: Request) -> dict[str, str]:
    """The fields of a form made for this session. Raises HTTPException 403."""
    fields = await read_form(request)
    if not csrf_holds(request.cookies.get(cookie_name(request), ""), fields.get("csrf", "")):
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "This form is no longer valid. Go back, reload the page, try again."
        )
    return fields


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a small form that came from a page of this site. Raises HTTPException."""
    _same_site(request)
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This is no form of the console.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This form is larger than any of ours.")
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError as fault:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "This form cannot be read.") from fault


def cookie_name(request: Request) -> str:
    """The prefix lets no neighbour domain set it; browsers take it by TLS only (RFC 6265bis §4.1.3.2)."""
    return named(request, "claimgw_console")


def named(request: Request, name: str) -> str:
    return f"__Host-{name}" if room_of(request).secure(request) else name


def set_cookie(request: Request, answer: Response, name: str, value: str) -> None:
    """For this browser session; `name` without its prefix."""
    secure = room_of(request).secure(request)
    answer.set_cookie(named(request, name), value, secure=secure, httponly=True, samesite="strict", path="/")


def drop_cookie(request: Request, answer: Response, name: str) -> None:
    secure = room_of(request).secure(request)
    answer.delete_cookie(named(request, name), secure=secure, httponly=True, samesite="strict", path="/")


def _same_site(request: Request) -> None:
    # A second lock beside the token. Where the first header is missing (plain HTTP), the second stands in.
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign:
        raise HTTPException(HTTPStatus.FORBIDDEN, "This form was sent from another site.")
