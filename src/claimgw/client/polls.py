"""How is a poll-request written? The message a provider fetches its mailbox with (spec §5.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claimgw.ids import new_id
from claimgw.messages.encode import encode
from claimgw.messages.events import SYSTEM as EVENT_SYSTEM
from claimgw.messages.frame import instant, profile
from claimgw.messages.identifiers import CODES, DEFINITIONS, GATEWAY, HOME, Identifier, Licence

# From when to when the gateway received what is asked for; both ends are included, None leaves one open.
Period = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class PollingProvider:
    """Who polls. `kind` is a code of CodeSystem provider-type, mandatory on the wire (spec §0.3 item 2)."""

    licence: Licence
    kind: str = "1"
    name: str = ""

    @property
    def endpoint(self) -> str:
        """Where the provider says it lives; by convention (spec §2.3), for nobody calls it."""
        return f"{self.licence.system}/{self.licence.value}"


def poll_request(
    provider: PollingProvider,
    now: datetime,
    *,
    count: int = 1,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
    period: Period | None = None,
    about: Identifier | None = None,
) -> bytes:
    """The message, under new ids. `count` is 1 to 100; `include` and `exclude` are events, one of the two.

    `about` is the business identifier of a claim or authorization: only what answers it is asked for.
    """
    header, task, home, gateway = (new_id(now) for _ in range(4))
    entries = [
        _entry(_header(provider, header, task)),
        _entry(
            {
                "resourceType": "Task",
                "id": task,
                "meta": profile("task"),
                "identifier": [{"system": provider.endpoint + "/poll-request", "value": task}],
                "status": "requested",
                "intent": "order",
                "priority": "routine",
                "code": {"coding": [{"system": CODES + "task-code", "code": "poll"}]},
                **({"focus": {"type": "Claim", "identifier": about.on_the_wire()}} if about else {}),
                "authoredOn": instant(now),
                "lastModified": instant(now),
                "requester": {"reference": _url(home)},
                "owner": {"reference": _url(gateway)},
                "input": _inputs(count, include, exclude, period),
            }
        ),
        _entry(_provider(provider, home)),
        _entry(
            {
                "resourceType": "Organization",
                "id": gateway,
                "meta": profile("organization"),
                "identifier": [GATEWAY.on_the_wire()],
                "active": True,
                "name": "Claims gateway",
            }
        ),
    ]
    return encode(
        {
            "resourceType": "Bundle",
            "id": new_id(now),
            "meta": profile("bundle"),
            "type": "message",
            "timestamp": instant(now),
            "entry": entries,
        }
    )


def _url(id_: str) -> str:
    return f"urn:uuid:{id_}"


def _entry(resource: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": _url(resource["id"]), "resource": resource}


def _party(licence: Licence) -> dict[str, Any]:
    return {"type": "Organization", "identifier": licence.on_the_wire()}


def _header(provider: PollingProvider, id_: str, task: str) -> dict[str, Any]:
    return {
        "resourceType": "MessageHeader",
        "id": id_,
        "meta": profile("message-header"),
        "eventCoding": {"system": EVENT_SYSTEM, "code": "poll-request"},
        "destination": [{"endpoint": HOME, "receiver": _party(GATEWAY)}],
        "sender": _party(provider.licence),
        "source": {"endpoint": provider.endpoint},
        "focus": [{"reference": _url(task)}],
    }


def _provider(provider: PollingProvider, id_: str) -> dict[str, Any]:
    kind = {"coding": [{"system": CODES + "provider-type", "code": provider.kind}]}
    return {
        "resourceType": "Organization",
        "id": id_,
        "meta": profile("provider-organization"),
        "extension": [{"url": DEFINITIONS + "extension-provider-type", "valueCodeableConcept": kind}],
        "identifier": [provider.licence.on_the_wire()],
        "active": True,
        "type": [{"coding": [{"system": CODES + "organization-type", "code": "prov"}]}],
        "name": provider.name or provider.licence.value,
    }


def _inputs(
    count: int, include: Collection[str], exclude: Collection[str], period: Period | None
) -> list[dict[str, Any]]:
    given: list[tuple[str, dict[str, Any]]] = [
        *(("include-message-type", {"valueCode": event}) for event in include),
        *(("exclude-message-type", {"valueCode": event}) for event in exclude),
        ("count", {"valuePositiveInt": count}),
    ]
    if period is not None:
        ends = {name: instant(at) for name, at in zip(("start", "end"), period, strict=True) if at}
        given.append(("period", {"valuePeriod": ends}))
    return [
        {"type": {"coding": [{"system": CODES + "task-input-type", "code": code}]}, **value}
        for code, value in given
    ]
