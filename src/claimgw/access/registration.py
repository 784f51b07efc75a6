"""How is a participant entered, changed and blocked, so that it stays on record who did it?"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from claimgw.access.participants import ParticipantSettings
from claimgw.errors import Conflict
from claimgw.ids import new_id
from claimgw.store import Unit, participants
from claimgw.store.participant_changes import ParticipantChange, add_change
from claimgw.store.participants import ParticipantRecord, Service

# Who, where a command does not know which operator types it.
COMMAND_LINE = "command line"

_SECRET = frozenset(name for name, field in ParticipantSettings.model_fields.items() if not field.repr)
_PLAIN = ("kind", "name", "endpoint", "adapter", "blocked_reason")


async def enter(unit: Unit, record: ParticipantRecord, by: str) -> None:
    """Enter a new participant. Raises Conflict if the licence is taken."""
    await participants.add_participant(unit, record)
    await _note(unit, record.licence, differences(None, record), by, record.created_at)


async def change(
    unit: Unit, before: ParticipantRecord, after: ParticipantRecord, by: str, at: datetime
) -> None:
    """Replace everything but the licence and the day of entry. Nothing is noted if nothing differs.

    `before` was read in this unit. Raises Conflict if the licence is not registered.
    """
    if not await participants.change_participant(unit, after, at):
        raise Conflict(f"{after.licence} is not registered")
    if found := differences(before, after):
        await _note(unit, after.licence, found, by, at)


async def block(unit: Unit, before: ParticipantRecord, reason: str, by: str, at: datetime) -> None:
    """Refuse everything from and for it."""
    await participants.block_participant(unit, before.licence, reason, at)
    await _note(unit, before.licence, {"blocked_reason": [before.blocked_reason, reason]}, by, at)


async def unblock(unit: Unit, before: ParticipantRecord, by: str, at: datetime) -> None:
    """Let it take part again."""
    await participants.unblock_participant(unit, before.licence, at)
    if before.blocked_reason is not None:
        await _note(unit, before.licence, {"blocked_reason": [before.blocked_reason, None]}, by, at)


async def serve(unit: Unit, service: Service, by: str, at: datetime) -> None:
    """Enter that a TPA serves an insurer, see `add_service`; noted with the TPA."""
    await participants.add_service(unit, service)
    said = f"{service.from_day} to {service.to_day or 'further notice'}"
    await _note(unit, service.tpa, {f"serves {service.insurer}": [None, said]}, by, at)


def differences(before: ParticipantRecord | None, after: ParticipantRecord) -> dict[str, list[Any]]:
    """By name what was and what is, null for the default; of a secret only that it is another one."""
    old, new = {} if before is None else _shown(before), _shown(after)
    found = {
        name: [old.get(name), new.get(name)]
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }
    return {name: _masked(pair) if _leaf(name) in _SECRET else pair for name, pair in found.items()}


def _shown(record: ParticipantRecord) -> dict[str, Any]:
    plain = {name: getattr(record, name) for name in _PLAIN}
    events = None if record.events is None else list(record.events)
    return {**plain, "events": events, **dict(dotted(record.settings, "settings."))}


def dotted(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """What lies within another has a dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from dotted(value, f"{before}{name}.")
        else:
            yield before + name, value


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _masked(pair: list[Any]) -> list[Any]:
    return [None if value is None else "(not shown)" for value in pair]


async def _note(unit: Unit, licence: str, fields: Mapping[str, Any], by: str, at: datetime) -> None:
    await add_change(unit, ParticipantChange(new_id(at), licence, at, by, fields))
