"""Which settings does this process run with? Read once, from the environment."""

import os
import socket
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from claimgw.access.webhooks import check_address, check_secret
from claimgw.errors import ConfigurationError
from claimgw.messages.dialect import Dialect


def _node() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


class Settings(BaseSettings):
    """Every field is an environment variable with CLAIMGW_ before its name. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="CLAIMGW_", frozen=True, hide_input_in_errors=True)

    database: str = Field("sqlite:///claimgw.db", description="sqlite:///FILE or postgresql://USER@HOST/NAME")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    node: str = Field(default_factory=_node, description="name of this process in the records of attempts")
    open: bool = Field(False, description="let anybody in, as any participant; on loopback only")

    tls_certificate: Path | None = Field(None, description="PEM certificate of the gateway; turns TLS on")
    tls_key: Path | None = Field(None, description="PEM key of that certificate")
    tls_client_authority: Path | None = Field(
        None, description="PEM authorities of client certificates; turns mutual TLS on"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="addresses or networks, with commas between them, whose certificate header is believed",
    )
    certificate_header: str = Field(
        "x-client-certificate", description="header in which a trusted proxy passes the client's certificate"
    )

    session_seconds: float = Field(60, gt=0, le=60, description="a provider is answered within this time")
    insurer_seconds: float = Field(
        50, gt=0, le=58, description="so long after the request arrived the insurer may answer in the session"
    )
    retry_waits: Annotated[tuple[float, ...], NoDecode] = Field(
        (5, 15, 60, 300, 900), description="waits between attempts, with commas; the last one repeats"
    )
    give_up_seconds: float = Field(
        432_000, gt=0, description="so long after it was accepted a message is tried, then it is given up"
    )
    most_tries: int = Field(
        20,
        ge=1,
        description="a message that failed so often, while others of its insurer get through, is given up",
    )
    lease_seconds: float = Field(
        15, gt=0, description="beyond an attempt's own limit, before another node takes it up"
    )
    poll_lease_seconds: float = Field(60, gt=0, description="how long a polled message belongs to one poll")
    confirm_seconds: float = Field(
        300,
        gt=0,
        description="what a provider that confirms was given is offered again after this unless it has",
    )
    look_seconds: float = Field(1, gt=0, description="how often a worker looks for what is due")

    dialect: Dialect = Field(
        Dialect.NPHIES,
        description="how the gateway's own answers look: as those nphies was seen to write, or as the guide",
    )
    batch_size: int = Field(200, ge=1, le=1000, description="claims that one batch may hold")
    large_bytes: int = Field(
        2 * 1024 * 1024, ge=1024, description="from here on a claim is taken at once and checked afterwards"
    )
    large_items: int = Field(200, ge=1, description="the same, by the number of its items")
    own_status: bool = Field(
        False, description="answer status checks from the gateway's own record while the insurer is away"
    )
    complete_history: bool = Field(
        False,
        description="all that these participants ever sent came through this gateway: what is not on record"
        " does not exist, and what refers to it is refused",
    )

    versions: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="versions of nphies' guide that messages may declare; unset: all that are shipped"
    )
    packages: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description="further FHIR packages to judge by, or folders of them, with commas between them"
    )
    codes: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="big code lists, with commas between them: FHIR CodeSystems (`*.json`), tables (`*.csv`)"
        " or folders of them",
    )

    public_url: str | None = Field(
        None,
        pattern="^https?://",
        description="the base address that callers use, as /metadata tells it; unset: the one that was asked",
    )
    repeat_minutes: int = Field(
        525_600,
        ge=0,
        le=2**31 - 1,
        description="so long a repeated message is sure to be recognised, as /metadata tells it",
    )
    mailbox_seconds: float = Field(
        2, gt=0, le=15, description="how often it is looked whether something waits for those to be told"
    )
    mailbox_streams: int = Field(
        8, ge=1, description="open streams of /mailbox/events of one credential, in one process"
    )
    webhook_again_seconds: float = Field(
        900, gt=0, description="so long after a notice a provider that has not polled is told again"
    )

    door_requests: int = Field(
        128, ge=1, description="requests inside at once, without those that wait for an insurer; beyond: 503"
    )
    door_sessions: int = Field(2000, ge=1, description="the same, with those that wait for an insurer")
    door_turns: int = Field(16, ge=1, description="requests that are worked on at once; the others wait")
    door_bytes: int = Field(
        20 * 1024 * 1024,
        ge=20 * 1024 * 1024,
        description="bytes of messages over 64 kB that are inside at once; beyond: they wait, then 503",
    )
    beside: bool = Field(
        True, description="read and judge messages over 64 kB in a second process, started for the first one"
    )
    licence_requests: int = Field(64, ge=1, description="requests of one licence inside at once; beyond: 429")
    licence_rate: float = Field(
        100, ge=0, description="requests a second of one licence, after a burst of ten seconds; 0: any"
    )

    ledger_seconds: float = Field(
        300, ge=1, description="how often a delivering process looks whether the books balance"
    )
    keep_requests_days: int | None = Field(
        None, ge=1, description="what requests and their answers say is deleted so long after; unset: never"
    )
    keep_polls_days: int | None = Field(None, ge=1, description="the same for what polls asked")
    keep_refused_days: int | None = Field(None, ge=1, description="the same for what was refused, and why")
    keep_notices_days: int | None = Field(
        None,
        ge=1,
        description="the same for what insurers or the gateway began: payments, questions, notices",
    )
    keep_alerts_days: int | None = Field(
        None, ge=1, description="alerts are deleted so long after they ended; unset: never"
    )

    worker: bool | None = Field(
        None, description="deliver held messages in this process; unset: only on SQLite, where it is alone"
    )
    tls_by_proxy: bool = Field(
        False, description="a proxy ends TLS before us: the console marks its cookies for TLS"
    )
    console: bool = Field(True, description="serve the operators' console under /console")
    metrics_host: str | None = Field(None, description="serve /metrics on an address of its own")
    metrics_port: int = Field(9090, ge=0, le=65535, description="port of that address")

    alert_seconds: float = Field(15, gt=0, description="how often it is looked for what people must be told")
    alert_calm_seconds: float = Field(
        300,
        ge=0,
        description="the end of an alert is told once it has been calm so long; sooner it is the same again",
    )
    alert_window_seconds: float = Field(
        900, gt=0, description="unusable answers of an insurer are counted over so long"
    )
    alert_invalid_least: int = Field(5, ge=1, description="unusable answers in that time before it is told")
    alert_invalid_share: float = Field(
        0.2, gt=0, le=1, description="their share of an insurer's answers in that time before it is told"
    )
    alert_mailbox_seconds: float = Field(
        86_400, gt=0, description="a message that waits longer in a provider's mailbox is told"
    )
    alert_disk_bytes: int = Field(1024**3, ge=0, description="less free space is told; 0: never")
    alert_folders: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="whose disks are looked at, with commas between them; that of an SQLite file always is",
    )
    alert_certificate_days: float = Field(
        21, ge=0, description="so long before a certificate expires it is told"
    )
    alert_webhook: str | None = Field(None, description="URL that is told of alerts")
    alert_webhook_secret: SecretStr | None = Field(
        None, description="signs what it is told: whsec_ and base64 of 24 to 64 bytes"
    )
    alert_mail_host: str | None = Field(None, description="SMTP server by which people are told of alerts")
    alert_mail_port: int = Field(587, ge=1, le=65535, description="port of that server")
    alert_mail_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the way there is guarded; tls: from the first byte on"
    )
    alert_mail_user: str | None = Field(None, description="name at that server, if it wants one")
    alert_mail_password: SecretStr | None = Field(None, description="password of that name")
    alert_mail_from: str | None = Field(None, description="address the mails come from")
    alert_mail_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses they go to, with commas between them"
    )

    log_style: Literal["text", "json"] = Field("text", description="log lines for people or for machines")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level logged")

    @field_validator(
        "trusted_proxies",
        "retry_waits",
        "versions",
        "packages",
        "codes",
        "alert_folders",
        "alert_mail_to",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        """Lists are written with commas; JSON in an environment variable is a nuisance to quote."""
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together; give both or neither")
        if self.tls_client_authority is not None and self.tls_certificate is None:
            raise ValueError(
                "tls_client_authority needs tls_certificate: without TLS there are no certificates"
            )
        if not self.retry_waits or min(self.retry_waits) <= 0:
            raise ValueError("retry_waits needs at least one wait above 0")
        self._agree_on_alerts()
        return self

    def _agree_on_alerts(self) -> None:
        if (self.alert_webhook is None) != (self.alert_webhook_secret is None):
            raise ValueError("alert_webhook and alert_webhook_secret belong together; give both or neither")
        if self.alert_webhook is not None and self.alert_webhook_secret is not None:
            check_address(self.alert_webhook)
            check_secret(self.alert_webhook_secret.get_secret_value())
        if self.alert_mail_host is not None and not (self.alert_mail_from and self.alert_mail_to):
            raise ValueError("alert_mail_host needs alert_mail_from and alert_mail_to")
        if (self.alert_mail_user is None) != (self.alert_mail_password is None):
            raise ValueError("alert_mail_user and alert_mail_password belong together; give both or neither")

    @property
    def machine(self) -> str:
        """What this machine is called; processes come and go on it."""
        return socket.gethostname()

    @property
    def works(self) -> bool:
        """Whether this process delivers held messages too."""
        return self.database.startswith("sqlite") if self.worker is None else self.worker


def read_settings(**given: Any) -> Settings:
    """The settings of this process; what is given wins over the environment. Raises ConfigurationError."""
    try:
        return Settings(**given)
    except ValidationError as fault:
        told = "; ".join(_explained(error["loc"], error["msg"]) for error in fault.errors())
        raise ConfigurationError(told) from fault


def _explained(place: tuple[int | str, ...], text: str) -> str:
    """One fault, named as the environment variable it comes from; never with the value, it may be secret."""
    name = f"CLAIMGW_{str(place[0]).upper()}: " if place else ""
    return name + text.removeprefix("Value error, ")
