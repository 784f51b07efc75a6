"""Which participants do the tests of this room know?"""

from collections.abc import Iterable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from claimgw.access.participants import Participant
from claimgw.access.registry import Snapshot
from claimgw.store.credentials import Credential
from claimgw.store.participants import ParticipantRecord, Service

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


def provider(number: str = "PR-1001", **fields: Any) -> ParticipantRecord:
    return _record(f"provider:{number}", "provider", {}, fields)


def insurer(number: str = "INS-2001", **fields: Any) -> ParticipantRecord:
    way = {"adapter": "fhir-http", "endpoint": "https://ins.example/$process-message"}
    return _record(f"payer:{number}", "insurer", way, fields)


def tpa(number: str = "TPA-3001", **fields: Any) -> ParticipantRecord:
    return insurer(number, **({"kind": "tpa"} | fields))


def _record(licence: str, kind: str, way: dict[str, Any], fields: dict[str, Any]) -> ParticipantRecord:
    values: dict[str, Any] = {
        "licence": licence,
        "kind": kind,
        "name": "Some name",
        "endpoint": None,
        "adapter": None,
        "events": None,
        "settings": {},
        "created_at": NOW,
        "changed_at": NOW,
    }
    return ParticipantRecord(**(values | way | fields))


def snapshot(
    participants: Iterable[ParticipantRecord] = (),
    credentials: Iterable[Credential] = (),
    services: Iterable[Service] = (),
) -> Snapshot:
    """A registry that holds these, without a database."""
    served: dict[tuple[str, str], list[Service]] = {}
    for service in services:
        served.setdefault((service.tpa, service.insurer), []).append(service)
    return Snapshot(
        revision=1,
        participants={record.licence: Participant.read(record) for record in participants},
        services=served,
        credentials={credential.digest: credential for credential in credentials},
        pauses=MappingProxyType({}),
    )
