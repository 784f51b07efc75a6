"""What waits and why, at a glance: the first page."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from claimgw.console import way
from claimgw.console.entrance import Visitor, visitor
from claimgw.console.pages import OVERVIEW
from claimgw.console.rendering import NOW, milliseconds
from claimgw.console.room import room_of
from claimgw.console.watch import Seen
from claimgw.store.standing import Lane, Standing


async def show(request: Request) -> Response:
    """The whole page."""
    who = await visitor(request)
    return _answer(request, "overview.html", who, await room_of(request).watch.look())


async def live(request: Request) -> Response:
    """The part that changes; 304 when nothing has but the time."""
    who = await visitor(request)
    return unless_known(request, _tag(who, seen := await room_of(request).watch.look())) or _answer(
        request, "overview_live.html", who, seen
    )


def unless_known(request: Request, tag: str) -> Response | None:
    """304, if the browser has this version."""
    if request.headers.get("if-none-match") != tag:
        return None
    now = milliseconds(room_of(request).clock.now())
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag, NOW: now})


def _answer(request: Request, template: str, who: Visitor, seen: Seen) -> Response:
    tag = _tag(who, seen)
    answer = room_of(request).renderer.page(
        request,
        template,
        who=who,
        page=OVERVIEW,
        live="/live",
        tag=tag,
        view=seen.overview,
        hours=seen.hours,
        lanes=sorted(seen.overview.lanes, key=_calm),
        totals=way.totals(seen.overview),
        stages=way.stages(seen.overview),
    )
    answer.headers["ETag"] = tag
    return answer


def _calm(lane: Lane) -> bool:
    """Nothing to see to. Trouble is shown first; otherwise the lanes stay in the order of their names."""
    doubtful = (lane.unknown, lane.to_be_corrected, lane.given_up)
    return lane.standing is Standing.DELIVERING and not any(depth.count for depth in doubtful)


def _tag(who: Visitor, seen: Seen) -> str:
    # The token is in the forms, and what is offered hangs on the role.
    return f'"{seen.tag}-{who.csrf[:12]}-{who.role}"'
