"""How does a test, or a person trying the console, get a gateway with a past? Rows, written directly."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from claimgw.ids import derived_id, new_id
from claimgw.store.database import Database
from claimgw.store.records import State
from claimgw.store.tables import attempt, body, exchange, mailbox, message, participant, relation, statement

INSURERS = {
    "payer:INS-2001": "Al-Waha Cooperative Insurance",
    "payer:INS-2002": "Najd Health Assurance",
    "payer:INS-2003": "شركة الأمان للتأمين",
    "payer:TPA-0007": "MedBridge TPA",
}
PROVIDERS = {
    "provider:PR-1001": "King's Road Dental Centre",
    "provider:PR-1002": "Al-Rawda General Hospital",
    "provider:PR-1003": "صيدلية النخيل",
}
BODY = b'{"resourceType":"Bundle","id":"b-1","total":100.00}'


_ORDER: dict[str, Table] = {
    "participant": participant,
    "message": message,
    "body": body,
    "exchange": exchange,
    "attempt": attempt,
    "mailbox": mailbox,
    "relation": relation,
    "statement": statement,
}


@dataclass
class Seed:
    """Rows gathered in memory, written at once. `now` is the time the console is looked at."""

    now: datetime
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in _ORDER})
    _count: int = 0

    def parties(self, insurers: dict[str, str] = INSURERS, providers: dict[str, str] = PROVIDERS) -> None:
        """Register participants by licence and name."""
        for licence, name in {**insurers, **providers}.items():
            kind = "provider" if licence in providers else "tpa" if ":TPA" in licence else "insurer"
            self.rows["participant"].append(
                {
                    "licence": licence,
                    "kind": kind,
                    "name": name,
                    "settings": {},
                    "created_at": self.now,
                    "changed_at": self.now,
                    "blocked_at": None,
                    "blocked_reason": None,
                }
            )

    def block(self, licence: str, reason: str) -> None:
        row = next(row for row in self.rows["participant"] if row["licence"] == licence)
        row.update(blocked_at=self.now, blocked_reason=reason)

    def exchange(
        self,
        state: State,
        insurer: str = "payer:INS-2001",
        provider: str = "provider:PR-1001",
        *,
        event: str = "claim-request",
        ago: float = 60,
        changed: float | None = None,
        due: float | None = None,
        reason: str = "",
        by: str | None = None,
    ) -> str:
        """A request that came `ago` seconds ago; `due` is seconds from now. Gives its id."""
        request = self.message(event, provider, insurer, ago=ago)
        last = self.now - timedelta(seconds=ago if changed is None else changed)
        self.rows["exchange"].append(
            {
                "id": request,
                "event": event,
                "provider": provider,
                "insurer": insurer,
                "focal_type": "Claim",
                "focal_system": "http://provider.example/claim",
                "focal_value": f"CLM-{10_000 + self._count}",
                "state": state.value,
                "reason": reason,
                "created_at": self.now - timedelta(seconds=ago),
                "changed_at": last,
                "due_at": None if due is None else self.now + timedelta(seconds=due),
                "waiting": False,
                "answered_by": by,
                "revision": 1,
            }
        )
        return request

    def attempt(
        self,
        request: str,
        number: int = 1,
        *,
        ago: float,
        closed: float | None = None,
        outcome: str | None = None,
        detail: str = "",
    ) -> None:
        """A try that began `ago` seconds ago; without `closed` it is open."""
        self.rows["attempt"].append(
            {
                "id": derived_id("attempt", request, str(number)),
                "exchange_id": request,
                "number": number,
                "node": "node-1",
                "opened_at": self.now - timedelta(seconds=ago),
                "closed_at": None if closed is None else self.now - timedelta(seconds=closed),
                "outcome": outcome,
                "detail": detail,
            }
        )

    def message(
        self,
        event: str,
        sender: str,
        receiver: str,
        *,
        ago: float,
        of: str | None = None,
        content: bytes = BODY,
    ) -> str:
        """A kept message; gives its id."""
        self._count += 1
        # Sorts by its time, as all ids of messages do.
        ident = new_id(self.now - timedelta(seconds=ago))
        self.rows["message"].append(
            {
                "id": ident,
                "sender": sender,
                "receiver": receiver,
                "event": event,
                "bundle_id": derived_id("bundle", ident),
                "header_id": derived_id("header", ident),
                "size": len(content),
                "received_at": self.now - timedelta(seconds=ago),
                "exchange_id": of,
                "replies_to": of,
            }
        )
        self.rows["body"].append({"message_id": ident, "content": content})
        return ident

    def deposit(
        self, provider: str, insurer: str, *, ago: float, of: str | None = None, polled: float | None = None
    ) -> str:
        """An answer in a mailbox; gives the id of its message."""
        answer = self.message("claim-response", insurer, provider, ago=ago, of=of)
        self.rows["mailbox"].append(
            {
                "message_id": answer,
                "provider": provider,
                "event": "claim-response",
                "size": len(BODY),
                "queued_at": self.now - timedelta(seconds=ago),
                "delivered_at": None if polled is None else self.now - timedelta(seconds=polled),
            }
        )
        return answer

    def names(self, request: str, kind: str, value: str) -> None:
        """What a request names."""
        row = {
            "exchange_id": request,
            "kind": kind,
            "system": f"http://provider.example/{kind}",
            "value": value,
        }
        self.rows["relation"].append(row)

    def says(self, answer: str, request: str | None, kind: str, value: str, **facts: Any) -> None:
        """What a kept message states; `request` is what it answers."""
        sent = next(row for row in self.rows["message"] if row["id"] == answer)
        stated = dict.fromkeys(("outcome", "adjudication", "authorization", "amount"))
        self.rows["statement"].append(
            {
                "message_id": answer,
                "position": 0,
                "exchange_id": request,
                "provider": sent["receiver"],
                "insurer": sent["sender"],
                "event": sent["event"],
                "type": kind,
                "system": "http://insurer.example/said",
                "value": value,
                "by_gateway": sent["sender"].startswith("nphies:"),
                **stated,
                **facts,
            }
        )

    async def write(self, database: Database) -> None:
        """Put everything into the database, and forget it."""
        async with database.write() as unit:
            for name, table in _ORDER.items():
                if self.rows[name]:
                    await unit.execute(insert(table), self.rows[name])
                    self.rows[name] = []


def a_bad_day(seed: Seed) -> str:
    """One insurer down for 3 h with 1,240 held, another silent, answers waiting. Gives one held id."""
    seed.parties()
    down, silent, fine, tpa = INSURERS
    first, second, third = PROVIDERS
    refused = "connection refused; attempt 7 failed"
    for n in range(1239):
        seed.exchange(
            State.HELD,
            down,
            second,
            ago=10_700 - n * 8,
            changed=2_000,
            due=300 + n % 7,
            reason=refused,
            by="gateway",
        )
    held = seed.exchange(
        State.HELD, down, first, ago=10_803, changed=95, due=48, reason=refused, by="gateway"
    )
    for number, ago in enumerate((10_803, 10_770, 10_650, 9_000, 5_400, 1_800, 95), start=1):
        seed.attempt(held, number, ago=ago, closed=ago - 0.4, outcome="refused", detail="ConnectError")
    pended = seed.message("claim-response", "nphies:NPHIES", first, ago=10_802, of=held)
    seed.says(pended, held, "ClaimResponse", "RSP-1", outcome="queued")
    adjudicated = seed.deposit(first, down, ago=9_000, of=held, polled=8_000)
    facts = {
        "outcome": "partial",
        "adjudication": "rejected",
        "amount": "1250.00",
        "authorization": "AUTH-77",
    }
    seed.says(adjudicated, held, "ClaimResponse", "RSP-2", **facts)
    question = seed.message("communication-request", down, first, ago=8_500, of=held)
    seed.says(question, None, "CommunicationRequest", "ASK-1")
    for kind in ("episode", "invoice", "encounter", "authorization"):
        seed.names(held, kind, f"{kind[:3].upper()}-2026-0042")
    for n in range(4):
        seed.exchange(
            State.UNCONFIRMED,
            silent,
            second,
            event="priorauth-request",
            ago=900 + 60 * n,
            changed=840 + 60 * n,
            due=180 + 60 * n,
            reason="no answer within 50 s; waiting for a late one before it is sent again",
            by="gateway",
        )
    lost = seed.exchange(State.IN_FLIGHT, silent, third, ago=400, due=-250)
    seed.attempt(lost, ago=400)
    seed.exchange(
        State.AWAITING_CORRECTION,
        tpa,
        first,
        ago=5_000,
        changed=4_990,
        reason="the answer was no message",
        by="gateway",
    )
    _good_traffic(seed, (silent, fine, tpa), (first, second, third))
    return held


def _good_traffic(seed: Seed, insurers: Iterable[str], providers: tuple[str, ...]) -> None:
    for lane, insurer in enumerate(insurers):
        for n in range(2):
            flying = seed.exchange(State.IN_FLIGHT, insurer, providers[n], ago=1 + n + lane, due=50)
            seed.attempt(flying, ago=0.8 + n + lane)
        for n in range(9):
            seed.exchange(
                State.QUEUED,
                insurer,
                providers[n % 3],
                ago=3_600 + 700 * n,
                changed=3_598 + 700 * n,
                by="insurer",
            )
        for n in range(60):
            event = ("claim-request", "priorauth-request")[n % 2]
            done = seed.exchange(
                State.ANSWERED, insurer, providers[n % 3], event=event, ago=6 + 41 * n + lane, by="insurer"
            )
            if n % 5 == 0:
                polled = None if n % 10 == 0 else 30 * n
                seed.deposit(providers[n % 3], insurer, ago=40 + 41 * n, of=done, polled=polled)
        seed.exchange(State.PARTIAL, insurer, providers[0], ago=1_900, changed=700, by="insurer")
        for n in range(2):
            reason = "refused with 2 findings: BV-00163, IC-00012"
            seed.exchange(State.REFUSED, insurer, providers[n], ago=20 + 400 * n, reason=reason, by="gateway")
