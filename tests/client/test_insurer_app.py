"""Can an insurer live behind the app: answer at once, later, repeats alike, and everything else politely?"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from claimgw.client import (
    Answer,
    Case,
    Cover,
    Credentials,
    Decision,
    Done,
    End,
    GatewayClient,
    Happening,
    Identifier,
    Insurer,
    InsurerApp,
    Licence,
    Payment,
    ProviderClient,
    RecentAnswers,
    Request,
    Settled,
    coverages,
    gap,
    payment_reconciliation,
)
from claimgw.clock import SystemClock
from claimgw.errors import ConfigurationError
from claimgw.messages.decode import LARGEST
from tests.claims import fresh
from tests.client.ruling import ruling
from tests.gateway import FALCON, HOSPITAL, example, register, running
from tests.served import served

CLAIM = example("claim-request-professional")
PATH = "/fhir/$process-message"


@dataclass
class ClaimsDesk:
    """An insurer that queues every claim, decides when told, and fails where asked to."""

    app: InsurerApp = field(default_factory=lambda: InsurerApp([FALCON], answers=RecentAnswers(2)))
    requests: list[Request] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold.set()
        self.app.on("claim-request", "priorauth-request")(self.claim)
        self.app.on("eligibility-request")(self.eligibility)
        self.app.on("communication")(self.information)
        self.app.on("cancel-request")(self.task)
        self.app.on("status-check")(self.task)

    async def claim(self, request: Request) -> bytes:
        self.requests.append(request)
        await self.hold.wait()
        return request.queued()

    async def eligibility(self, request: Request) -> bytes:
        return request.covered("eligible", [Cover(True, "eligible")])

    async def information(self, request: Request) -> bytes:
        self.requests.append(request)
        return request.acknowledged()

    async def task(self, request: Request) -> bytes:
        return request.done("queued" if request.event.code == "status-check" else None)


@pytest.fixture
def insurer() -> ClaimsDesk:
    return ClaimsDesk()


def calling(insurer: ClaimsDesk) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(insurer.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://insurer")


async def test_a_repeat_gets_the_answer_of_the_first(insurer: ClaimsDesk) -> None:
    async with calling(insurer) as client:
        first, second = [(await client.post(PATH, content=CLAIM)).content for _ in range(2)]
    assert first == second
    assert len(insurer.requests) == 1


async def test_a_repeat_in_the_meantime_waits_for_the_first(insurer: ClaimsDesk) -> None:
    insurer.hold.clear()
    async with calling(insurer) as client, asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(client.post(PATH, content=CLAIM)) for _ in range(2)]
        tasks.create_task(asyncio.sleep(0)).add_done_callback(lambda _: insurer.hold.set())
    assert both[0].result().content == both[1].result().content
    assert len(insurer.requests) == 1


async def test_only_so_many_answers_are_kept() -> None:
    answers = RecentAnswers(2)
    for key in "abc":
        await answers.keep(key, key.encode())
    assert [await answers.find(key) for key in "abc"] == [None, b"b", b"c"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no JSON", 400, "GE-00013"),
        (
            b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MessageHeader"}}]}',
            400,
            "GE-00013",
        ),
        (b" " * (LARGEST + 1), 413, "BV-00076"),
        (example("error-notice"), 500, "GE-00017"),
        (example("prescriber-request"), 200, "GE-00026"),
        (example("claim-request-oral"), 200, "GE-00015"),
        (example("batch-request"), 200, "GE-00013"),
    ],
    ids=[
        "no JSON",
        "no header",
        "too large",
        "handler fails",
        "no handler",
        "another insurer",
        "wrong builder",
    ],
)
async def test_what_cannot_be_taken_is_told_with_a_code(
    insurer: ClaimsDesk, body: bytes, status: int, code: str
) -> None:
    @insurer.app.on("error-notice")
    async def fail(_request: Request) -> bytes:
        raise ZeroDivisionError

    @insurer.app.on("batch-request")
    async def misread(request: Request) -> bytes:
        return request.queued()

    async with calling(insurer) as client:
        response = await client.post(PATH, content=body)
    answer = Answer.read(response.status_code, response.content)
    assert (answer.status, [found.code for found in answer.findings]) == (status, [code])
    assert answer.refused


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health", 200), ("GET", PATH, 405), ("POST", "/elsewhere", 404)],
)
async def test_the_other_doors(insurer: ClaimsDesk, method: str, path: str, status: int) -> None:
    async with calling(insurer) as client:
        assert (await client.request(method, path)).status_code == status


def test_an_event_that_is_not_there_cannot_be_handled(insurer: ClaimsDesk) -> None:
    with pytest.raises(ConfigurationError, match="no event claim-requests"):
        insurer.app.on("claim-requests")


@dataclass
class Street:
    """A hospital, the gateway and an insurer, all on sockets."""

    hospital: ProviderClient
    falcon: GatewayClient
    insurer: ClaimsDesk


@asynccontextmanager
async def living(insurer: ClaimsDesk, database: Path) -> AsyncIterator[Street]:
    async with (
        served(insurer.app) as endpoint,
        running(f"sqlite:///{database}", worker=False, mailbox_seconds=0.05) as gateway,
        served(gateway.app) as url,
    ):
        key = await register(gateway.database, HOSPITAL)
        falcon = await register(gateway.database, FALCON, endpoint=endpoint + PATH)
        async with (
            ProviderClient(url, HOSPITAL, Credentials(key=key), interval=0.05) as hospital,
            GatewayClient(url, Credentials(key=falcon)) as payer,
        ):
            yield Street(hospital, payer, insurer)


async def test_a_claim_is_queued_decided_paid_and_reissued(
    insurer: ClaimsDesk, tmp_path: Path, sqlite_template: Path
) -> None:
    clock, claim = SystemClock(), fresh("claim-request-professional", "followed", "X")
    async with living(insurer, shutil.copyfile(sqlite_template, tmp_path / "claimgw.db")) as street:
        told = []
        async for step in street.hospital.follow(await street.hospital.send(claim), seconds=20):
            told.append(step.happening)
            if step.happening is Happening.QUEUED:
                request = street.insurer.requests[0].later(clock.now())
                assert not (await street.falcon.send(request.decided(ruling(request)))).refused
        assert told == [Happening.QUEUED, Happening.COMPLETE]
        assert gap(claim, step.message.raw).patient == 0
        case = step.message.case
        [exchange] = await street.hospital.exchanges(case.identifier)
        assert (exchange.event, exchange.identifier) == ("claim-request", case.identifier.value)
        assert [answer.outcome for answer in exchange.answers] == ["queued", "complete"]
        assert exchange.answers[1].amount == gap(claim, step.message.raw).benefit
        assert exchange.relations["invoice"][0].value.startswith("INV-")
        assert (
            await street.hospital.exchanges(Identifier("http://elsewhere.example", case.identifier.value))
            == ()
        )
        decision, today = step.message.view, clock.now().date()
        assert isinstance(decision, Decision)
        assert decision.identifier is not None
        benefit = decision.totals["benefit"]
        paid = payment_reconciliation(
            Insurer(Licence.parse(FALCON)),
            street.hospital.provider,
            [Settled(case.identifier, decision.identifier, today, benefit)],
            clock.now(),
            period=(today, today),
            paid=today,
            transfer=Identifier("http://falcon.example/transfer", "TR-1"),
        )
        assert not (await street.falcon.send(paid)).refused
        [payment] = [one async for one in street.hospital.follow(case, seconds=20, end=End.PAID)]
        assert isinstance(payment.message.view, Payment)
        assert payment.message.view.amount == benefit
        assert payment.message.view.identifier is not None
        thanks = await street.hospital.confirm_payment(payment.message.view.identifier, benefit, today)
        assert (thanks.event, thanks.findings) == ("acknowledgement", ())
        again = street.insurer.requests[0].later(clock.now())
        assert not (await street.falcon.send(again.decided(ruling(again, reissue="correction")))).refused
        [reissued] = [step async for step in street.hospital.follow(case, seconds=20)]
        assert reissued.happening is Happening.REISSUED


async def test_a_case_from_eligibility_to_its_cancellation(
    insurer: ClaimsDesk, tmp_path: Path, sqlite_template: Path
) -> None:
    """Every message but the claim and the request for cover is written by the SDK, on both sides."""
    clock, claim, asked = (
        SystemClock(),
        fresh("claim-request-professional", "case", "X"),
        example("eligibility-request"),
    )
    async with living(insurer, shutil.copyfile(sqlite_template, tmp_path / "claimgw.db")) as street:
        hospital, case = street.hospital, Case.of(claim)
        assert coverages(asked, (await hospital.send(asked)).raw) == ()
        told = []
        async for step in hospital.follow(await hospital.send(claim), seconds=20):
            told.append(step.happening)
            request = insurer.requests[0].later(clock.now())
            if step.happening is Happening.QUEUED:
                status = (await hospital.status(case)).view
                assert isinstance(status, Done)
                assert status.says == ("queued",)
                question = request.asking("Send the report.", reason="missing-attach")
                assert not (await street.falcon.send(question)).refused
            elif step.happening is Happening.QUESTION:
                sent = await hospital.communicate(step.message.case, "Here it is.", reason="missing-attach")
                assert (sent.event, sent.refused) == ("acknowledgement", False)
                assert insurer.requests[-1].case.identifier == case.identifier
                assert not (await street.falcon.send(request.decided(ruling(request)))).refused
        assert told == [Happening.QUEUED, Happening.QUESTION, Happening.COMPLETE]
        cancelled = (await hospital.cancel(case)).view
        assert isinstance(cancelled, Done)
        assert (cancelled.task, cancelled.status) == ("cancel", "completed")
