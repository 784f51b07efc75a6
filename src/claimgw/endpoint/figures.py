"""GET /metrics: what this process has counted, and depths read from the store at that moment."""

from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from claimgw.clearinghouse.parts import Parts
from claimgw.store import books, depths
from claimgw.store.alerts import present_alerts
from claimgw.store.breakers import Position, all_circuits
from claimgw.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Metrics:
    """Prometheus text. Depths come from the store: every node shows the same, none keeps its own count."""

    parts: Parts

    async def handle(self, _: Request) -> Response:
        gauges = CollectorRegistry()
        exchanges = Gauge("claimgw_exchanges", "Exchanges by state", ["insurer", "state"], registry=gauges)
        waiting = Gauge("claimgw_mailbox", "Messages waiting to be polled", ["provider"], registry=gauges)
        oldest = Gauge(
            "claimgw_mailbox_oldest_seconds",
            "Age of the oldest message waiting",
            ["provider"],
            registry=gauges,
        )
        unconfirmed = Gauge(
            "claimgw_mailbox_unconfirmed",
            "Messages delivered to providers that confirm, and not confirmed yet",
            ["provider"],
            registry=gauges,
        )
        unknown = Gauge(
            "claimgw_attempts_open", "Attempts with unknown outcome", ["insurer"], registry=gauges
        )
        down = Gauge(
            "claimgw_breaker_open", "1 while an insurer is taken for down", ["insurer"], registry=gauges
        )
        opened = Gauge(
            "claimgw_breaker_opened", "How often an insurer was taken for down", ["insurer"], registry=gauges
        )
        differences = Gauge(
            "claimgw_ledger_differences",
            "Rows that contradicted others at the last look at the ledger",
            registry=gauges,
        )
        present = Gauge(
            "claimgw_alert",
            "1 while something is wrong of which people are told",
            ["kind", "subject"],
            registry=gauges,
        )
        now = self.parts.clock.now()
        async with self.parts.database.read() as unit:
            for insurer, state, count in await depths.moving(unit):
                exchanges.labels(insurer, state).set(count)
            for provider, count, since in await depths.mailboxes(unit, now):
                waiting.labels(provider).set(count)
                oldest.labels(provider).set((now - since).total_seconds())
            for provider, count in await depths.unconfirmed(unit):
                unconfirmed.labels(provider).set(count)
            for insurer, count in await depths.open_attempts(unit):
                unknown.labels(insurer).set(count)
            wrong = await books.unbalanced(unit)
            differences.set(wrong.wrong if wrong else 0)
            for circuit in await all_circuits(unit):
                down.labels(circuit.licence).set(circuit.state is not Position.CLOSED)
                opened.labels(circuit.licence).set(circuit.opened)
            for alert in await present_alerts(unit):
                present.labels(alert.kind.value, alert.subject).set(1)
        counts, beside = CollectorRegistry(), self.parts.beside
        counts.register(metrics.Summed([metrics.counted(), *(beside.counted if beside is not None else ())]))
        text = generate_latest(counts) + generate_latest(gauges)
        return Response(text, media_type=CONTENT_TYPE_LATEST)
