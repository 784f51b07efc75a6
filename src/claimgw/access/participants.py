"""What is known of a participant: who it is, what it can do, how it is reached?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from claimgw.access.hours import Hours
from claimgw.access.lanes import Breaker, Rate
from claimgw.access.policy import Delivery
from claimgw.access.webhooks import check_address, check_secret
from claimgw.errors import ConfigurationError
from claimgw.insurers.spi import Connection, Tls
from claimgw.messages.events import EVENTS
from claimgw.messages.identifiers import Licence, LicenceKind
from claimgw.store.participants import ParticipantRecord

FHIR_HTTP = "fhir-http"

LONGEST_ANSWER_SECONDS = 60
# What the columns hold.
_LONGEST = {"licence": 120, "name": 250, "endpoint": 500, "adapter": 60}


class Kind(StrEnum):
    """What a participant is. Insurers and TPAs both carry payer licences (spec §2.5)."""

    PROVIDER = "provider"
    INSURER = "insurer"
    TPA = "tpa"


class Mode(StrEnum):
    """How an insurer takes its messages."""

    ONLINE = "online"  # the gateway calls its endpoint
    BY_HAND = "by-hand"  # it has no endpoint; an operator sees to it


class ParticipantSettings(BaseModel):
    """What differs from one participant to the next; kept as JSON. Times are seconds, sizes are bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Field(
        default=Mode.ONLINE, description="online: its endpoint is called; by-hand: an operator sees to it"
    )
    real_time: bool = Field(default=True, description="answers within the session")
    batch: bool = Field(default=False, description="takes claims that came in a batch")
    discovery: bool = Field(
        default=False, description="answers eligibility requests of the purpose discovery"
    )
    claims_without_policy: bool = Field(default=False, description="takes claims without a policy number")
    gap_benefit: bool = Field(default=False, description="pays gap benefit")
    attachment_types: tuple[str, ...] = Field(
        default=("application/pdf", "image/jpeg"),
        description="media types it takes as attachments (spec §3.1)",
    )
    attachment_bytes: int = Field(
        default=10 * 1024 * 1024, ge=0, description="the largest attachment it takes, in base64"
    )

    connect_seconds: float = Field(default=5, gt=0, le=60, description="to open a connection, TLS included")
    answer_seconds: float = Field(
        default=50,
        gt=0,
        le=LONGEST_ANSWER_SECONDS,
        description="to have the whole answer, connecting included",
    )
    grace_seconds: float = Field(
        default=300,
        ge=0,
        description="how long to wait for a late answer before an unanswered message is sent again",
    )
    most_in_flight: int = Field(4, ge=1, le=1000, description="held messages it is sent at the same time")
    most_connections: int = Field(
        64,
        ge=2,
        le=1000,
        description="connections to it: held messages, providers that wait, the probe; all nodes share them",
    )
    hours: Hours = Field(default=Hours(), description="when it takes messages, in its own time")
    delivery: Delivery = Field(
        default=Delivery(), description="how it is tried again, and when a message is given up"
    )
    breaker: Breaker = Field(
        default=Breaker(),
        description="when it is taken for down, and how soon it is looked whether it is back",
    )
    rate: Rate = Field(default=Rate(), description="how fast it may be called, by all nodes together")
    health_endpoint: str | None = Field(
        default=None, description="URL that answers 2xx when it is there (spec §1.1)"
    )

    confirms: bool = Field(
        default=False,
        description="what a provider's poll was given is offered again until the same client confirms it",
    )
    webhook: str | None = Field(
        default=None, description="URL of a provider that is told when its mailbox is not empty"
    )
    webhook_secret: str | None = Field(
        default=None, repr=False, description="signs what it is told; made by --webhook, and shown once"
    )

    authority: Path | None = Field(
        default=None, description="PEM file of the authorities to trust; none: the system's"
    )
    certificate: Path | None = Field(
        default=None, description="PEM file of our client certificate, with its chain"
    )
    key: Path | None = Field(default=None, description="PEM file of that certificate's private key")
    check_hostname: bool = Field(
        default=True, description="the certificate must name the host of the endpoint"
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; give both or neither")
        if self.connect_seconds > self.answer_seconds:
            raise ValueError("connect_seconds is a part of answer_seconds and may not be longer")
        if (self.webhook is None) != (self.webhook_secret is None):
            raise ValueError("webhook and webhook_secret belong together; --webhook sees to both")
        if self.webhook is not None and self.webhook_secret is not None:
            check_address(self.webhook)
            check_secret(self.webhook_secret)
        return self

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From JSON values. Raises ConfigurationError that names every field at fault."""
        try:
            return cls.model_validate(values)
        except ValidationError as fault:
            raise ConfigurationError(_explain(fault)) from fault

    def write(self) -> dict[str, Any]:
        """As JSON values, only what differs from the defaults: defaults may improve later."""
        return self.model_dump(mode="json", exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant, everything in it checked. `events` None: all that its kind may send."""

    licence: str
    kind: Kind
    name: str
    endpoint: str | None
    adapter: str | None
    events: frozenset[str] | None
    blocked: bool
    settings: ParticipantSettings

    @classmethod
    def read(cls, record: ParticipantRecord) -> Self:
        """From its row. Raises ConfigurationError that names the licence and the field."""
        try:
            participant = cls(
                licence=record.licence,
                kind=Kind(record.kind),
                name=record.name,
                endpoint=record.endpoint,
                adapter=record.adapter,
                events=None if record.events is None else frozenset(record.events),
                blocked=record.blocked_at is not None,
                settings=ParticipantSettings.read(record.settings),
            )
            _check(participant)
        except (ConfigurationError, ValueError) as fault:
            raise ConfigurationError(f"{record.licence}: {fault}") from fault
        return participant

    def connection(self) -> Connection:
        """What its adapter is told."""
        of = self.settings
        return Connection(
            licence=Licence.parse(self.licence).value,
            name=self.name,
            endpoint=self.endpoint or "",
            health_endpoint=of.health_endpoint,
            connect_seconds=of.connect_seconds,
            most_connections=of.most_connections,
            tls=Tls(of.authority, of.certificate, of.key, of.check_hostname),
        )


def _check(participant: Participant) -> None:
    licence = Licence.parse(participant.licence)
    register = LicenceKind.PROVIDER if participant.kind is Kind.PROVIDER else LicenceKind.PAYER
    if licence.kind is not register:
        raise ValueError(f"a participant of kind {participant.kind} has a licence {register}:NUMBER")
    for field, longest in _LONGEST.items():
        text = getattr(participant, field) or "-"
        if len(text) > longest or not text.isprintable():
            raise ValueError(f"{field}: at most {longest} characters, none of them a control character")
    if unknown := sorted((participant.events or frozenset()) - EVENTS.keys()):
        raise ValueError(f"events: {', '.join(unknown)} is none that nphies knows")
    _check_way(participant)


def _check_way(participant: Participant) -> None:
    adapter, endpoint = participant.adapter, participant.endpoint
    if participant.kind is Kind.PROVIDER:
        if adapter or endpoint:
            raise ValueError("endpoint: a provider is never called, it polls (spec §1.1)")
        if participant.settings.hours != Hours():
            raise ValueError("hours: only insurers and TPAs have any")
    elif participant.settings.webhook:
        raise ValueError("webhook: only providers have a mailbox")
    elif participant.settings.confirms:
        raise ValueError("confirms: only providers have a mailbox")
    elif participant.settings.mode is Mode.ONLINE and not adapter:
        raise ValueError("adapter: missing; give one with its endpoint, or set mode to by-hand")
    if endpoint and not adapter:
        raise ValueError("adapter: missing; an endpoint alone reaches nobody")
    if adapter == FHIR_HTTP and not (endpoint or "").startswith(("https://", "http://")):
        raise ValueError(
            f"endpoint: the adapter {FHIR_HTTP} calls a URL that begins with https:// or http://"
        )


def _explain(fault: ValidationError) -> str:
    parts = []
    for error in fault.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(step) for step in error["loc"])
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            text = "there is no such setting"
        parts.append(f"{place}: {text}" if place else text)
    return "; ".join(parts)
