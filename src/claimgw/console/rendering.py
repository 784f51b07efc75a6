"""How does a template become an answer?"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from claimgw.clearinghouse.alerts.news import REMEDY
from claimgw.clock import Clock
from claimgw.console import words
from claimgw.console.files import File
from claimgw.console.pages import PAGES

# Browsers count relative times on from here: their own clock may be wrong.
NOW = "X-Claimgw-Now"


class Renderer:
    """Templates with everything they may call. `files` are those that pages bring along."""

    def __init__(self, files: Mapping[str, File], clock: Clock) -> None:
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(
            number=words.number, depth=words.depth, size=words.size, exact=words.exact, bare=words.bare
        )
        self._environment.globals.update(
            versions={name: file.version for name, file in files.items()},
            pages=PAGES,
            states=words.STATES,
            standings=words.STANDINGS,
            closed=words.CLOSED,
            remedies=REMEDY,
            ending=words.ending,
            verdict=words.verdict,
            named_as=words.RELATIONS,
            says={"ago": words.ago, "ahead": words.ahead, "age": words.age},
        )

    def page(
        self, request: Request, template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: Any
    ) -> HTMLResponse:
        """A page, or a part of one. `values` are the template's; `who` is None for strangers."""
        now = self._clock.now()
        defaults: dict[str, Any] = {"who": None, "page": None, "live": None, "tag": ""}
        body = self._environment.get_template(template).render(
            **{**defaults, "base": request.scope.get("root_path", ""), "now": now, **values}
        )
        return HTMLResponse(body, status_code=status, headers={NOW: milliseconds(now)})


def milliseconds(at: datetime) -> str:
    """Since 1970, as JavaScript counts."""
    return str(int(at.timestamp() * 1000))
