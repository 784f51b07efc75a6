"""How is a Task written: poll, cancellation, nullification, status check (spec §5.2, §6.0)?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from claimgw.client.cases import Case
from claimgw.client.parties import Insurer, Provider, gateway_organization
from claimgw.client.writing import concept, entry, message, reference
from claimgw.ids import new_id
from claimgw.messages.frame import instant, profile, without_none
from claimgw.messages.identifiers import CODES, GATEWAY, Identifier, Licence

# From when to when the gateway received what is asked for; both ends are included, None leaves one open.
Period = tuple[datetime | None, datetime | None]


class CancelReason(StrEnum):
    """Why a request is taken back (CodeSystem task-reason-code)."""

    WRONG_INFORMATION = "WI"
    NOT_PERFORMED = "NP"
    ALREADY_SUBMITTED = "TAS"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a poll asks for. `count` is 1 to 100; `include` and `exclude` are events, one of the two.

    `about` is the business identifier of a claim or authorization: only what answers it is asked for.
    """

    count: int = 1
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    period: Period | None = None
    about: Identifier | None = None


def poll_request(
    provider: Provider,
    now: datetime,
    *,
    count: int = 1,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
    period: Period | None = None,
    about: Identifier | None = None,
) -> bytes:
    """A poll under new ids; what is asked for as in `Asked`."""
    inputs = _inputs(count, include, exclude, period)
    focus = {"type": "Claim", "identifier": about.on_the_wire()} if about else None
    return _task(provider, GATEWAY, gateway_organization, "poll-request", "poll", now, focus, input=inputs)


def cancel_request(
    provider: Provider,
    case: Case,
    now: datetime,
    *,
    reason: CancelReason | str = CancelReason.WRONG_INFORMATION,
    nullify: bool = False,
) -> bytes:
    """A cancellation, or with `nullify` the request that nobody is shown the case again (spec §6.5).

    Raises NotAMessage if the case does not say who the insurer is.
    """
    why = concept(CODES + "task-reason-code", str(reason))
    return _about(provider, case, now, "cancel-request", "nullify" if nullify else "cancel", reasonCode=why)


def status_check(provider: Provider, case: Case, now: datetime) -> bytes:
    """The question how far the insurer is (spec §6.6). Raises as `cancel_request`."""
    return _about(provider, case, now, "status-check", "status")


def _about(provider: Provider, case: Case, now: datetime, event: str, code: str, **more: Any) -> bytes:
    insurer = Insurer(case.addressee)
    focus = {"type": case.kind, "identifier": case.identifier.on_the_wire()}
    return _task(provider, insurer.licence, insurer.organization, event, code, now, focus, **more)


def _task(
    provider: Provider,
    receiver: Licence,
    organization: Any,
    event: str,
    code: str,
    now: datetime,
    focus: dict[str, Any] | None,
    **more: Any,
) -> bytes:
    task, home, owner = (new_id(now) for _ in range(3))
    resource = {
        "resourceType": "Task",
        "id": task,
        "meta": profile("task"),
        "identifier": [{"system": f"{provider.endpoint}/{event}", "value": task}],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": concept(CODES + "task-code", code),
        "focus": focus,
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "requester": reference(home),
        "owner": reference(owner),
        **more,
    }
    entries = [without_none(resource), provider.organization(home), organization(owner)]
    return message(event, provider.licence, receiver, [entry(one) for one in entries], now)


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
    return [{"type": concept(CODES + "task-input-type", code), **value} for code, value in given]
