"""How is the sandbox steered over HTTP? A page that shows what it knows, and orders in JSON."""

from html import escape
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from claimgw.insurers.sandbox.behaviour import TABLE
from claimgw.insurers.sandbox.cases import Case
from claimgw.insurers.sandbox.control import Control, Impossible
from claimgw.insurers.sandbox.insurer import GatewayAway
from claimgw.insurers.sandbox.orders import ORDERS

_log = structlog.get_logger("claimgw.insurers.sandbox")

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; }
p { margin: .3rem 0; opacity: .8; } .wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; }
tr { border-bottom: 1px solid var(--line); } th { font-weight: 600; white-space: nowrap; }
code { font-size: .88em; } td:first-child code { white-space: nowrap; }
"""


class ControlPage:
    """The page and the orders; `licences` are the insurers that are played."""

    def __init__(self, control: Control, licences: list[str]) -> None:
        self._control = control
        self._licences = licences

    def routes(self) -> list[Route]:
        return [
            Route("/", self.show, methods=["GET"]),
            Route("/control", self.known, methods=["GET"]),
            Route("/control/{order}", self.order, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return HTMLResponse(_page(self._licences, list(self._control.known()), str(request.base_url)))

    async def known(self, _request: Request) -> Response:
        """Everything the insurers know of, oldest first."""
        return JSONResponse({"known": [_row(one) for one in self._control.known()]})

    async def order(self, request: Request) -> Response:
        """200 with the messages handed over, 400 or 404 for an order that is none, 409, 503 gateway away."""
        row = ORDERS.get(request.path_params["order"])
        if row is None:
            return _refusal(f"the orders are: {', '.join(ORDERS)}", 404)
        try:
            handed = await row.given(self._control, await request.body())
        except msgspec.DecodeError:
            return _refusal(f"send JSON such as {row.example}", 400)
        except Impossible as fault:
            return _refusal(str(fault), 409)
        except GatewayAway as fault:
            return _refusal(str(fault), 503)
        _log.info("an order came", action="carried out", order=row.name, messages=len(handed))
        return JSONResponse({"handed": [msgspec.to_builtins(one) for one in handed]})


def _refusal(text: str, status: int) -> Response:
    return JSONResponse({"error": text}, status)


def _row(case: Case) -> dict[str, Any]:
    return {
        "identifier": case.identifier.get("value"),
        "kind": case.kind,
        "insurer": case.insurer,
        "provider": case.provider,
        "state": case.state,
        "decision": case.decision,
        "answers": len(case.answers),
        "questions": len(case.questions),
        "preAuthRef": case.number,
        "paid": case.paid,
    }


def _page(licences: list[str], cases: list[Case], base: str) -> str:
    rows = [_row(one) for one in reversed(cases)]
    known = _table(list(rows[0]), [[_shown(cell) for cell in row.values()] for row in rows]) if rows else ""
    orders = [
        [
            f"<code>{one.name}</code>",
            escape(one.sentence),
            f"<code>{escape(_curl(base, one.name, one.example))}</code>",
        ]
        for one in ORDERS.values()
    ]
    endings = [
        [f"<code>-{escape(row.ending)}</code>", escape(row.effect), escape(row.sentence)] for row in TABLE
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sandbox insurers</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>Sandbox insurers</h1><p>Playing {escape(', '.join(licences))}.</p>"
        f"<h2>What they know of</h2>{known or '<p>Nothing came yet.</p>'}"
        f"<h2>What they can be ordered</h2>{_table(['order', 'does', 'as in'], orders)}"
        "<h2>What the ending of an identifier asks for</h2>"
        f"{_table(['ending', 'answer', 'does'], endings)}</body></html>"
    )


def _curl(base: str, order: str, example: str) -> str:
    return f"curl {base}control/{order} -d '{example}'"


def _shown(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else ""
    return escape(str(cell))


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Cells are HTML already."""
    heads = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
