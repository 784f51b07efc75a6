"""Are people told once of what is wrong, and once that it is over, however often it fails?"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import trustme
from structlog.testing import capture_logs

from claimgw.access.certificates import read_certificate
from claimgw.access.webhooks import new_secret
from claimgw.clearinghouse.alerts.channels import Channel
from claimgw.clearinghouse.alerts.figures import Thresholds
from claimgw.clearinghouse.alerts.news import Message
from claimgw.clearinghouse.alerts.watch import Alerts
from claimgw.house import House
from claimgw.ids import new_id
from claimgw.store.alerts import Alert, Kind, end_alert, latest_alerts, raise_alert
from claimgw.store.credentials import Credential, CredentialKind, add_credential
from tests.clearinghouse.catalogue.senders import an
from tests.clearinghouse.post_office import PostOffice, post_office
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import (
    CLAIM,
    START,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    says,
)
from tests.clearinghouse.test_outage import SETTINGS, Switch, break_down, probed
from tests.endpoint.test_webhooks import Receiver
from tests.gateway import FALCON, HOSPITAL, running
from tests.served import served

SECRET = new_secret()
CALM = 300.0
Tree = dict[str, Any]


@dataclass
class Told:
    """All that people are told of goes to a webhook and to an inbox."""

    receiver: Receiver
    office: PostOffice

    @property
    def news(self) -> list[list[Tree]]:
        """What the webhook was told, message by message."""
        return [json.loads(body)["alerts"] for _, body in self.receiver.received]


@asynccontextmanager
async def told(*statuses: int) -> AsyncIterator[tuple[Told, dict[str, Any]]]:
    """Both channels, and the settings of a gateway that uses them."""
    receiver = Receiver(list(statuses) or [200])
    async with served(receiver.app) as base, post_office() as office:
        yield (
            Told(receiver, office),
            {
                "alert_webhook": f"{base}/alerts",
                "alert_webhook_secret": SECRET,
                "alert_mail_host": "127.0.0.1",
                "alert_mail_port": office.port,
                "alert_mail_tls": "none",
                "alert_mail_from": "claimgw@example.org",
                "alert_mail_to": ("night@example.org", "day@example.org"),
            },
        )


async def look(scene: Scene, seconds: float = 15) -> int:
    """Time goes by, and it is looked for what is wrong; how many news were told."""
    scene.clock.advance(seconds)
    return await scene.gateway.house.alerts.look()


async def on_record(scene: Scene) -> list[Alert]:
    async with scene.gateway.database.read() as unit:
        return await latest_alerts(unit, 100)


async def test_an_outage_is_two_alerts_however_many_claims_wait(address: str) -> None:
    switch = Switch()
    async with (
        told() as (heard, settings),
        playing(address, switch.play, participant=SETTINGS, **settings) as scene,
    ):
        assert await look(scene) == 0
        await break_down(scene)
        assert await look(scene) == 1
        for _ in range(12):
            await scene.send(fresh(CLAIM))
            assert await look(scene, 1) == 0
        await probed(scene)  # and it is still down
        assert await look(scene) == 0
        switch.up = True
        await probed(scene)
        while await scene.work():
            pass
        assert await look(scene) == 0
        assert await look(scene, CALM) == 1
        assert await look(scene, 10 * CALM) == 0
    [[down], [back]] = heard.news
    assert (down["what"], down["kind"], down["subject"]) == ("began", "insurer-down", FALCON)
    assert down["text"].startswith("Falcon Insurance (payer:INS-2001) is taken for down: HTTP 408")
    assert (back["what"], back["id"], back["detail"]["waiting"]) == ("ended", down["id"], 15)
    assert back["text"] == "Falcon Insurance (payer:INS-2001) is back after 1 min; 15 messages waited for it."
    assert [mail["subject"] for mail in heard.office.mails] == [
        f"claimgw: {one['text']}" for one in (down, back)
    ]
    assert heard.office.mails[0]["to"] == "night@example.org, day@example.org"
    assert down["do"] in " ".join(heard.office.mails[0].get_content().split())


async def test_a_notice_is_signed_as_those_to_providers_are(sqlite: str) -> None:
    async with told() as (heard, settings), playing(sqlite, **settings) as scene:
        await wrong(scene)
        assert await look(scene) == 1
    [(headers, body)] = heard.receiver.received
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] in heard.office.mails[0]["message-id"]


async def wrong(scene: Scene, kind: Kind = Kind.LEDGER, subject: str = "*", **detail: int) -> None:
    """Whoever looks at the books has found something."""
    says = {"wrong": 1, **detail}
    async with scene.gateway.database.write() as unit:
        await raise_alert(unit, kind, subject, "One message is missing.", says, scene.clock.now())


async def well(scene: Scene, kind: Kind = Kind.LEDGER, subject: str = "*") -> None:
    async with scene.gateway.database.write() as unit:
        await end_alert(unit, kind, subject, scene.clock.now())


async def test_what_comes_and_goes_is_one_alert_that_counts(address: str) -> None:
    """Nobody is told of a peace that is over before they read of it."""
    async with told() as (heard, settings), playing(address, **settings) as scene:
        for number in range(4):
            await wrong(scene, rows=number)
            assert await look(scene, CALM / 2) == (number == 0)
            await well(scene)
            assert await look(scene, CALM / 2) == 0
        assert await look(scene, CALM) == 1
        assert [(one.times, one.detail["rows"]) for one in await on_record(scene)] == [(4, 3)]
        await wrong(scene)
        assert await look(scene) == 1
        assert len(await on_record(scene)) == 2
    assert [one["what"] for [one] in heard.news] == ["began", "ended", "began"]
    assert heard.news[1][0]["text"].endswith("It happened 4 times in all.")


async def test_what_is_new_at_one_look_is_one_message(sqlite: str) -> None:
    async with told() as (heard, settings), playing(sqlite, **settings) as scene:
        await wrong(scene)
        await wrong(scene, subject=FALCON)
        assert await look(scene) == 2
    [news] = heard.news
    assert [one["subject"] for one in news] == ["*", FALCON]
    [mail] = heard.office.mails
    assert mail["subject"] == "claimgw: One message is missing. And 1 more."


async def test_answers_that_turn_invalid_are_told_with_their_codes_until_one_is_usable(address: str) -> None:
    bad = says(deferred)  # it names no request
    async with told() as (heard, settings), playing(address, *[bad] * 6, complete, **settings) as scene:
        claims = [fresh(CLAIM) for _ in range(7)]
        for claim in claims[:4]:
            await scene.send(claim)
        assert await look(scene) == 0
        for claim in claims[4:6]:
            await scene.send(claim)
        assert await look(scene) == 1
        assert await look(scene, 2000) == 0  # silence is no valid answer
        await scene.send(claims[6])
        assert await look(scene) == 0
        assert await look(scene, CALM) == 1
    [[began], [ended]] = heard.news
    assert (began["kind"], began["subject"]) == ("invalid-answers", FALCON)
    assert began["detail"]["unusable"] == 6
    codes = began["detail"]["findings"]
    assert codes
    assert all(code.startswith(("BV-", "IC-", "GE-", "RE-", "HL7-")) for code in codes), codes
    assert began["text"].endswith(f"could not be used, most of all {', '.join(codes)}.")
    assert ended["text"].startswith(f"The answers of {FALCON} can be used again after ")


async def test_answers_that_an_insurer_sends_by_itself_count_too(address: str) -> None:
    async with (
        told() as (heard, settings),
        playing(address, hanging_up, alert_invalid_share=0.9, **settings) as scene,
    ):
        claim = fresh(CLAIM)
        await scene.send(claim)
        for number in range(5):
            assert await look(scene) == 0
            refused = await scene.gateway.post(deferred(fresh(CLAIM)), scene.insurer_key)
            assert b"fatal-error" in refused.content, number
        assert await look(scene) == 1
        question = an("communication-request", status=None)
        refused = await scene.gateway.post(question, scene.insurer_key)
        assert b"fatal-error" in refused.content, "it is no answer, though"
        assert await look(scene) == 0
        await scene.tell(deferred(claim))
        assert await look(scene) == 0
        assert await look(scene, CALM) == 1
    [[began], [ended]] = heard.news
    assert (began["kind"], began["subject"], began["detail"]["unusable"]) == ("invalid-answers", FALCON, 5)
    assert began["detail"]["findings"][0] == "BV-00003"
    assert ended["what"] == "ended"


async def test_dead_letters_are_told_when_they_grow(address: str) -> None:
    day = 86_400.0
    async with (
        told() as (heard, settings),
        playing(address, endpoint="http://127.0.0.1:1/", **settings) as scene,
    ):

        async def given_up() -> None:
            await scene.send(fresh(CLAIM))
            scene.clock.advance(5 * day + 61)
            await scene.work()
            await scene.poll()

        await given_up()
        assert await look(scene) == 1
        assert await look(scene, 3600) == 0  # over
        assert await look(scene, CALM) == 1
        assert await look(scene, day) == 0
        await given_up()
        assert await look(scene) == 1
    assert [(one["kind"], one["what"], one["detail"]["dead"]) for [one] in heard.news] == [
        ("dead-letters", "began", 1),
        ("dead-letters", "ended", 1),
        ("dead-letters", "began", 2),
    ]


async def test_a_provider_that_does_not_poll_is_told_of_until_it_does(address: str) -> None:
    async with (
        told() as (heard, settings),
        playing(address, says(lambda raw: in_session(raw, "queued")), **settings) as scene,
    ):
        claim = fresh(CLAIM)
        await scene.send(claim)
        await scene.tell(deferred(claim))
        assert await look(scene, 86_399) == 0
        assert await look(scene, 1) == 1
        await scene.poll()
        assert await look(scene) == 0
        assert await look(scene, CALM) == 1
    [[began], [ended]] = heard.news
    assert (began["kind"], began["subject"]) == ("mailbox-age", HOSPITAL)
    assert "CLM-" not in began["text"]
    assert ended["text"] == f"{HOSPITAL} has fetched its old messages."


async def test_a_full_disk_and_certificates_that_expire_are_told(sqlite: str, tmp_path: Path) -> None:
    authority = trustme.CA()

    def issued(name: str, days: int) -> Path:
        until = scene.clock.now() + timedelta(days=days)
        file = tmp_path / f"{name}.pem"
        file.write_bytes(
            b"".join(pem.bytes() for pem in authority.issue_cert(name, not_after=until).cert_chain_pems)
        )
        return file

    async with playing(sqlite) as scene:
        server, client, caller = (
            issued("gateway.example", 21),
            issued("claimgw.example", 20),
            issued("al.example", 19),
        )
        await scene.move(scene.address, certificate=str(client), key=str(client))
        await let_in(scene, caller)
        scene.gateway.house.alerts = watching(scene.gateway.house, certificate=server, disk_bytes=2**62)
        assert await look(scene, 3) == 4
        await let_in(scene, issued("al.example", 400))
        await scene.move(scene.address, certificate=str(issued("claimgw.example", 400)), key=str(client))
        assert await look(scene) == 0
        ended = {one.kind for one in await on_record(scene) if not one.present}
        assert ended == {Kind.CLIENT_CERTIFICATE, Kind.CREDENTIAL}
        assert {one.kind for one in await on_record(scene)} - ended == {Kind.DISK, Kind.SERVER_CERTIFICATE}


def watching(house: House, *channels: Channel, node: str | None = None, **limits: Any) -> Alerts:
    """A loop in our hands."""
    parts = replace(house.parts, node=node or house.parts.node)
    return Alerts(parts, Thresholds(folders=(Path("/"),), **limits), channels, look_seconds=15)


async def let_in(scene: Scene, file: Path) -> None:
    read = read_certificate(await asyncio.to_thread(file.read_bytes))
    assert read is not None
    credential = Credential(
        id=new_id(scene.clock.now()),
        kind=CredentialKind.CERTIFICATE,
        label="a test",
        digest=read.digest,
        licences=frozenset({HOSPITAL}),
        created_at=scene.clock.now(),
        expires_at=read.not_after,
    )
    async with scene.gateway.database.write() as unit:
        await add_credential(unit, credential)


async def test_another_machine_leaves_alone_what_only_that_machine_can_see(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        await wrong(scene, Kind.DISK, "db-7:/var/lib")
        assert await look(scene) == 1
        assert [one.present for one in await on_record(scene)] == [True]


@dataclass
class Ear:
    """A channel in our hands."""

    taken: list[Message]
    hangs: bool = False
    name: str = "ear"

    async def tell(self, message: Message) -> str:
        self.taken.append(message)
        if self.hangs:
            await asyncio.Event().wait()
        return ""

    async def close(self) -> None:
        """Nothing is open."""


async def test_of_two_processes_one_tells(address: str) -> None:
    async with playing(address) as scene:
        ear = Ear([])
        nodes = [watching(scene.gateway.house, ear, node=name) for name in ("a", "b")]
        await wrong(scene)
        assert sorted([await node.look() for node in nodes]) == [0, 1]
        assert len(ear.taken) == 1


async def test_a_process_that_dies_while_it_tells_leaves_it_to_another_under_the_same_id(
    address: str,
) -> None:
    async with playing(address) as scene:
        ear, mute = Ear([]), Ear([], hangs=True)
        await wrong(scene)
        telling = asyncio.create_task(watching(scene.gateway.house, ear, mute, node="a").look())

        async def begun() -> bool:
            return bool(ear.taken and mute.taken)

        await until(begun)
        telling.cancel()
        another = watching(scene.gateway.house, ear, node="b")
        assert await another.look() == 0  # it may be telling still
        scene.clock.advance(60)
        assert await another.look() == 1
        first, second = (message.id for message in ear.taken)
        assert first == second
        assert await watching(scene.gateway.house, ear, node="b").look() == 0


async def test_what_nobody_took_is_told_again_and_is_in_the_log_once(sqlite: str) -> None:
    async with told(500, 200) as (heard, settings), playing(sqlite, **settings) as scene:
        heard.office.refuses = True
        await wrong(scene)
        with capture_logs() as lines:
            assert await look(scene) == 0
            assert await look(scene, 4) == 0
            assert len(heard.receiver.received) == 1
            assert await look(scene, 1) == 1  # the webhook takes it now, and the mail follows by itself
            heard.office.refuses = False

            async def mailed() -> bool:
                scene.clock.advance(1)
                return bool(heard.office.mails)

            await until(mailed)
        await scene.gateway.house.alerts.close()
    assert [line["event"] for line in lines].count("One message is missing.") == 1
    assert [(line["by"], line["heard"]) for line in lines if line["event"] == "alerts were not taken"] == [
        ("webhook", "500"),
        ("mail", "451"),
        ("mail", "451"),
    ]
    [mail] = heard.office.mails
    assert heard.receiver.received[1][0]["webhook-id"] in mail["message-id"]


async def test_what_is_wrong_is_a_figure_until_it_is_over(sqlite: str) -> None:
    async with playing(sqlite) as scene:
        figure = 'claimgw_alert{kind="ledger",subject="*"} 1.0'
        await wrong(scene)
        assert figure in (await scene.gateway.client.get("/metrics")).text
        await well(scene)
        assert figure not in (await scene.gateway.client.get("/metrics")).text


async def test_a_process_that_delivers_tells_by_itself(sqlite: str) -> None:
    async with told() as (heard, settings), running(sqlite, **settings, alert_seconds=0.01) as gateway:
        async with gateway.database.write() as unit:
            await raise_alert(unit, Kind.LEDGER, "*", "One message is missing.", {}, START)

        async def taken() -> bool:
            return bool(heard.news and heard.office.mails)

        await until(taken)
