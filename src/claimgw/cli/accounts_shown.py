"""How is a participant shown, for people and for machines, and what of it is not?"""

from collections.abc import Sequence
from typing import Any

from claimgw.access.participants import Participant
from claimgw.access.registration import dotted
from claimgw.cli.output import print_fields, print_json, print_line
from claimgw.errors import ConfigurationError
from claimgw.store.participants import ParticipantRecord, Service


def as_json_of(record: ParticipantRecord, *, secret_too: bool = False) -> dict[str, Any]:
    """`settings` are those in force, defaults included; `fault` says why a row spoilt by hand is left out.

    A secret is told to whoever has just made it, and otherwise only that there is one.
    """
    try:
        settings, fault = Participant.read(record).settings.model_dump(mode="json"), None
    except ConfigurationError as unusable:
        settings, fault = dict(record.settings), str(unusable)
    if settings.get("webhook_secret") and not secret_too:
        settings = settings | {"webhook_secret": "(not shown)"}
    return {
        "licence": record.licence,
        "kind": record.kind,
        "name": record.name,
        "endpoint": record.endpoint,
        "adapter": record.adapter,
        "events": record.events,
        "blocked_at": record.blocked_at,
        "blocked_reason": record.blocked_reason,
        "created_at": record.created_at,
        "changed_at": record.changed_at,
        "settings": settings,
        "fault": fault,
    }


def show_participant(
    record: ParticipantRecord,
    as_json: bool,
    services: Sequence[Service] = (),
    *,
    secret_too: bool = False,
) -> None:
    """Print it with all its settings, and whom it serves or is served by."""
    fields = as_json_of(record, secret_too=secret_too)
    served = [
        {"tpa": s.tpa, "insurer": s.insurer, "from": str(s.from_day), "to": s.to_day and str(s.to_day)}
        for s in services
    ]
    if as_json:
        print_json(fields | {"serves": served})
        return
    settings = fields.pop("settings")
    print_fields(record.licence, fields.items())
    print_fields("settings", dotted(settings))
    for s in served:
        print_line(f"{s['tpa']} serves {s['insurer']} from {s['from']} to {s['to'] or 'further notice'}.")
