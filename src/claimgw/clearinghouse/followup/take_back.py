"""What changes once a cancellation is agreed to? Its target: nothing more is sent of it or given for it."""

from datetime import datetime

from claimgw.conformance.case import codes_at
from claimgw.conformance.history.mentions import target_of
from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import LicenceKind
from claimgw.store import Unit, exchanges, statements
from claimgw.store.records import WITHDRAWN, Exchange, State


async def take_back(unit: Unit, cancellation: Exchange, request: Envelope, now: datetime) -> None:
    """Raises Conflict if the target was changed meanwhile."""
    if cancellation.about_id is not None:
        target = await exchanges.find(unit, cancellation.about_id)
        if target is not None and target.state not in WITHDRAWN:
            await withdraw(unit, target, request, now)
        return
    focal = request.focal
    named = target_of(request, focal.resource.get("focus"), focal) if focal else None
    if named is None or named.type != "ClaimResponse":
        return
    for one in await statements.by_identifiers(
        unit, [named], provider=cancellation.provider, insurer=cancellation.insurer
    ):
        if one.said.authorization:
            await statements.withdraw(
                unit,
                cancellation.provider,
                cancellation.insurer,
                one.said.authorization,
                LicenceKind.PROVIDER.value,
            )


async def withdraw(unit: Unit, target: Exchange, request: Envelope, now: datetime) -> Exchange:
    """The target as its provider has taken it back."""
    return await exchanges.change(
        unit,
        target,
        state=State.NULLIFIED if nullifies(request) else State.CANCELLED,
        reason="",
        due_at=None,
        changed_at=now,
    )


def nullifies(request: Envelope) -> bool:
    """Whether the claim is to be shown no more, beside being stopped (spec §6.5)."""
    task = request.focal.resource if request.focal else {}
    return any(code == "nullify" for _, code in codes_at(task, "code"))
