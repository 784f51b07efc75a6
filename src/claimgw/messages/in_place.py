"""How is a business answer put together that the gateway writes in an insurer's place?"""

from collections.abc import Mapping, Sequence
from typing import Any

from claimgw.messages import frame
from claimgw.messages.echo import Echo
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.events import Event
from claimgw.messages.frame import Stamp, address, bundle, entry, profile, reply_header, without_none
from claimgw.messages.identifiers import Identifier, Licence


def answerable(request: Envelope, focus: str) -> bool:
    """Whether one can be written: event, parties, focal identifier and resource are known (0.3 item 12a)."""
    return (
        frame.answerable(request)
        and request.focal_identifier is not None
        and request.focal is not None
        and request.focal.type == focus
    )


def event_of(request: Envelope) -> Event:
    assert request.event is not None
    return request.event


def focal_of(request: Envelope) -> tuple[Entry, Identifier]:
    """The focal resource and its identifier; an answerable request has both."""
    assert request.focal is not None
    assert request.focal_identifier is not None
    return request.focal, request.focal_identifier


def business_answer(
    request: Envelope,
    stamp: Stamp,
    resource: Mapping[str, Any],
    echo: Echo,
    *,
    tags: Sequence[dict[str, str]] = (),
) -> bytes:
    """The message around a focal resource of ours and what it repeats. `response.code` is ok (0.3 item 5).

    `tags` go to the MessageHeader. Elements of the resource that are None are left out.
    """
    reply = event_of(request).reply
    assert reply is not None
    kind, own = resource["resourceType"], resource["id"]
    return bundle(
        stamp,
        [
            reply_header(
                request,
                stamp,
                reply,
                "ok",
                focus=[address(kind, own)],
                meta={**profile("message-header"), "tag": list(tags)} if tags else None,
            ),
            entry(kind, without_none(dict(resource))),
            *echo.entries(),
        ],
        in_place_of_insurer=True,
    )


def parties(request: Envelope, focal: Entry, asked: Mapping[str, Any], echo: Echo) -> dict[str, Any]:
    """Patient, requestor and insurer; `asked` is what of the focal resource can be repeated.

    In this order their entries stand in real answers.
    """
    return {
        "patient": _patient(request, focal, echo),
        "requestor": echo.reference(asked.get("provider"), focal) or _by_licence(request.sender),
        "insurer": echo.reference(asked.get("insurer"), focal) or _by_licence(request.receiver),
    }


def _patient(request: Envelope, focal: Entry, echo: Echo) -> dict[str, Any] | None:
    """The one the focal resource refers to; if it refers to nobody, the only one of the message."""
    named = focal.resource.get("patient")
    found = request.find(named.get("reference"), focal) if isinstance(named, dict) else None
    if found is None and (known := echo.reference(named, focal)):
        return known
    if found is None or found.type != "Patient":
        patients = [held for held in request.entries if held.type == "Patient"]
        found = patients[0] if len(patients) == 1 else None
    return echo.to(found) if found else None


def _by_licence(licence: Licence | None) -> dict[str, Any] | None:
    return {"type": "Organization", "identifier": licence.on_the_wire()} if licence else None
