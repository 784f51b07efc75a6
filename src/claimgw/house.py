"""What runs in a process, whether it has doors or not? Everything below them, joined and let go."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from claimgw.access.callers import Caller
from claimgw.access.registry import Registry
from claimgw.clearinghouse.alerts.channels import Channel, Mail, MailTls, Webhook
from claimgw.clearinghouse.alerts.figures import Thresholds
from claimgw.clearinghouse.alerts.watch import Alerts
from claimgw.clearinghouse.beside.lent import lent
from claimgw.clearinghouse.beside.nursery import Nursery
from claimgw.clearinghouse.beside.process import Beside
from claimgw.clearinghouse.beside.wire import Handler
from claimgw.clearinghouse.delivery.breakers import Breakers
from claimgw.clearinghouse.delivery.nodes import Heart, Role, life
from claimgw.clearinghouse.delivery.pace import Pace
from claimgw.clearinghouse.delivery.policy import Schedule
from claimgw.clearinghouse.delivery.worker import Worker
from claimgw.clearinghouse.lines import Lines
from claimgw.clearinghouse.parts import Limits, Parts
from claimgw.clearinghouse.post import Post
from claimgw.clearinghouse.process import process
from claimgw.clearinghouse.session import Sessions
from claimgw.clearinghouse.upkeep import Upkeep
from claimgw.clock import Clock, SystemClock
from claimgw.conformance.loading import load
from claimgw.endpoint.mailbox.lookout import Lookout
from claimgw.endpoint.mailbox.webhooks import Webhooks
from claimgw.insurers.spi import Door
from claimgw.settings import Settings
from claimgw.store import Database, schema
from claimgw.store.retention import Kind
from claimgw.store.wakes import Wakes

_log = structlog.get_logger(__name__)

# A process that is told to stop has ended within 10 s. Nobody is kept waiting for an insurer after the first
# number of seconds; what is under way gets the second, and the rest is handed back.
_SESSIONS_SECONDS, _GRACEFUL_SECONDS = 5.0, 8.0


@dataclass(slots=True)
class House:
    """A running gateway, or a running worker: they differ in having doors or not."""

    parts: Parts
    sessions: Sessions
    bell: asyncio.Event
    worker: Worker
    lookout: Lookout
    webhooks: Webhooks
    heart: Heart
    upkeep: Upkeep
    alerts: Alerts
    _until: float | None = None

    def wake(self) -> None:
        """Something may be due, or wait to be polled."""
        self.bell.set()
        self.announce()

    def announce(self) -> None:
        """Something may wait to be polled."""
        self.lookout.wake()
        self.webhooks.wake()

    def close_down(self) -> None:
        """Take up nothing more, and let those go who wait for an insurer: the process is to end."""
        if self._until is None:
            self._until = self.parts.clock.monotonic() + _GRACEFUL_SECONDS
            self.worker.no_more()
            if self.parts.beside is not None:
                self.parts.beside.close_down()
            asyncio.get_running_loop().call_later(_SESSIONS_SECONDS, self.sessions.let_go)

    def seconds_left(self) -> float:
        """What is left to finish in, once it is to end."""
        self.close_down()
        assert self._until is not None
        return max(0.0, self._until - self.parts.clock.monotonic())


@asynccontextmanager
async def open_house(
    settings: Settings, clock: Clock, role: Role, nursery: Nursery | None = None
) -> AsyncIterator[House]:
    """Everything below the doors, from the database up; let go in the reverse order."""
    schemas = load(settings.packages, settings.codes, settings.versions)
    database = Database(settings.database)
    try:
        await _ready(database)
        bell, sessions = asyncio.Event(), Sessions()

        def wake() -> None:
            house.wake()
            wakes.tell()

        def announce() -> None:
            house.announce()
            wakes.tell()

        lines = Lines(clock, lambda licence: _door(house, licence))
        handlers: dict[str, Handler] = {}
        beside = Beside(settings, handlers, nursery) if works_beside(settings, clock) else None
        parts = Parts(
            database=database,
            registry=Registry(database, clock),
            schemas=schemas,
            lines=lines,
            clock=clock,
            node=life(settings.node, clock.now()),
            limits=Limits(
                session=settings.session_seconds,
                insurer=settings.insurer_seconds,
                lease=settings.lease_seconds,
                poll_lease=settings.poll_lease_seconds,
                confirm=settings.confirm_seconds,
                batch=settings.batch_size,
                large_bytes=settings.large_bytes,
                large_items=settings.large_items,
                own_status=settings.own_status,
                complete_history=settings.complete_history,
            ),
            schedule=Schedule(
                waits=settings.retry_waits,
                give_up_seconds=settings.give_up_seconds,
                most_tries=settings.most_tries,
            ),
            jitter=random.random,
            wake=wake,
            announce=announce,
            breakers=Breakers(database, clock),
            pace=Pace(database, clock),
            dialect=settings.dialect,
            beside=beside,
        )
        handlers.update(lent(parts))
        house = House(
            parts,
            sessions,
            bell,
            Worker(parts, bell, look_seconds=settings.look_seconds),
            Lookout(database, clock, seconds=settings.mailbox_seconds),
            Webhooks(
                database,
                clock,
                look_seconds=settings.mailbox_seconds,
                again_seconds=settings.webhook_again_seconds,
            ),
            Heart(parts, role, delivers=role is Role.WORKER or settings.works),
            Upkeep(parts, ledger_seconds=settings.ledger_seconds, days=kept_days(settings)),
            _alerts(parts, settings),
        )
        wakes = Wakes(database, clock, house.wake)
        async with _heard(wakes), _alive(house):
            try:
                yield house
            finally:
                await sessions.finish(house.seconds_left())
                if beside is not None:
                    await beside.close(house.seconds_left())
                await lines.close()
    finally:
        await database.close()


def works_beside(settings: Settings, clock: Clock) -> bool:
    """Whether what is large goes to another process: a clock that is handed in cannot be handed on to it."""
    return settings.beside and isinstance(clock, SystemClock)


def kept_days(settings: Settings) -> dict[Kind, int | None]:
    """For how many days each kind, or what it says, is kept; None: for ever."""
    return {
        Kind.REQUESTS: settings.keep_requests_days,
        Kind.POLLS: settings.keep_polls_days,
        Kind.REFUSED: settings.keep_refused_days,
        Kind.NOTICES: settings.keep_notices_days,
        Kind.ALERTS: settings.keep_alerts_days,
    }


def _alerts(parts: Parts, settings: Settings) -> Alerts:
    file = parts.database.url.database if parts.database.embedded else None
    limits = Thresholds(
        calm_seconds=settings.alert_calm_seconds,
        window_seconds=settings.alert_window_seconds,
        invalid_least=settings.alert_invalid_least,
        invalid_share=settings.alert_invalid_share,
        mailbox_seconds=settings.alert_mailbox_seconds,
        disk_bytes=settings.alert_disk_bytes,
        certificate_days=settings.alert_certificate_days,
        machine=settings.machine,
        folders=(*([Path(file).absolute().parent] if file else []), *settings.alert_folders),
        certificate=settings.tls_certificate,
    )
    return Alerts(parts, limits, _channels(parts.clock, settings), look_seconds=settings.alert_seconds)


def _channels(clock: Clock, settings: Settings) -> list[Channel]:
    channels: list[Channel] = []
    if settings.alert_webhook is not None and settings.alert_webhook_secret is not None:
        secret = settings.alert_webhook_secret.get_secret_value()
        channels.append(Webhook(settings.alert_webhook, secret, Post(clock, at_once=2)))
    if settings.alert_mail_host is not None and settings.alert_mail_from is not None:
        password = settings.alert_mail_password
        mail = Mail(
            host=settings.alert_mail_host,
            port=settings.alert_mail_port,
            sender=settings.alert_mail_from,
            to=settings.alert_mail_to,
            tls=MailTls(settings.alert_mail_tls),
            user=settings.alert_mail_user,
            password=password.get_secret_value() if password is not None else None,
        )
        channels.append(mail)
    return channels


@asynccontextmanager
async def _heard(wakes: Wakes) -> AsyncIterator[None]:
    """The line to the other processes, for as long as the block runs."""
    listening = asyncio.create_task(wakes.run())
    try:
        yield
    finally:
        wakes.stop()
        await asyncio.wait([listening], timeout=1)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def _alive(house: House) -> AsyncIterator[None]:
    """The process is known to the others, and beats, until it has handed back what it could not finish."""
    await house.heart.join()
    beating = asyncio.create_task(house.heart.run())
    try:
        yield
    finally:
        house.heart.stop()
        await beating
        await house.heart.leave()


async def _ready(database: Database) -> None:
    await schema.make_ready(database)
    for warning in await database.warnings():
        _log.warning(warning, action="start")


def _door(house: House, licence: str) -> Door:
    """The way in for an insurer that lives in this process; it speaks for itself only."""

    async def enter(raw: bytes) -> bytes:
        reply = await process(house.parts, house.sessions, raw, Caller(frozenset({licence}), "in-process"))
        house.parts.wake()
        return reply.body

    return enter


@asynccontextmanager
async def working(house: House) -> AsyncIterator[None]:
    """The loops of deliveries and of notices to webhooks, for as long as the block runs."""
    running = (house.worker.run(), house.webhooks.run(), house.upkeep.run())
    loops = [asyncio.create_task(loop) for loop in running]
    alerting = asyncio.create_task(house.alerts.run())
    try:
        yield
    finally:
        house.webhooks.stop()
        house.upkeep.stop()
        alerting.cancel()
        await house.worker.stop(house.seconds_left())
        await asyncio.gather(*loops)
        await asyncio.gather(alerting, return_exceptions=True)


@asynccontextmanager
async def watching(house: House) -> AsyncIterator[None]:
    """The look at mailboxes for those who listen at the doors, for as long as the block runs."""
    loop = asyncio.create_task(house.lookout.run())
    try:
        yield
    finally:
        house.lookout.stop()
        await loop
