"""Is every message that real parties exchanged opened, judged and routed, whatever its event?"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.clock import ManualClock
from claimgw.conformance.severity import day_of
from claimgw.messages.envelope import Envelope
from claimgw.messages.events import Leg, Way
from claimgw.messages.identifiers import GATEWAY, LicenceKind
from claimgw.store import history, messages
from tests.clearinghouse.spoken import START, asking, nested, opened, polling
from tests.clearinghouse.test_real_messages import exchange_with
from tests.conformance.real_messages import accepted, files, needed, pairs, raw
from tests.gateway import Gateway, parsed

pytestmark = needed

# What no pair tells of, and is refused on its day: by these codes, for that reason.
SAMPLES_REFUSED: Mapping[str, tuple[set[str], str]] = {
    **dict.fromkeys(
        (
            "claim-request-institutional-01.json",
            "claim-request-institutional-02.json",
            "claim-request-professional-related-01.json",
            "claim-request-professional-related-02.json",
            "priorauth-request-oral-related-01.json",
            "batch-request-institutional-01.json",
        ),
        ({"IC-01329", "IC-01428"}, "samples of 2021, without the extension of the episode of care"),
    ),
    "payment-notice-provider-01.json": ({"BV-00248"}, "a request with MessageHeader.response (spec C-27)"),
    "claim-request-pharmacy-08.json": (
        {"FR-00027"},
        "taken by the real server, with an element for which it refused another message that day",
    ),
}
# What the real server refused, and is passed on.
PASSED_ON: Mapping[str, str] = {
    "priorauth-request-pharmacy-related-01.json": (
        "BV-00725: the server had never had the related request; here it may be older than the record"
    ),
}
# What an insurer could not post, and why.
NOTICES_REFUSED: Mapping[str, tuple[set[str], str]] = {
    "payment-reconciliation-payer-01.json": (
        {"DT-01067"},
        "a sample of 2021: the number of the transfer is no identifier (spec 0.3 item 12 keeps types)",
    ),
}
_DAY = timedelta(days=1)
_CODE = re.compile(r'/adjudication-error",\s*"code":\s*"([^"]+)"')


@cache
def real(file: str) -> Envelope:
    return opened(raw(file))


def of(leg: Leg, sender: LicenceKind) -> list[str]:
    """The files of a leg that were written by such a party, in the order of their times."""
    found = [file for file in files("*.json") if real(file).sender and real(file).event]
    kinds = ((file, real(file).event, real(file).sender) for file in found)
    chosen = [file for file, event, by in kinds if event and by and (event.leg, by.kind) == (leg, sender)]
    return sorted(chosen, key=at)


def at(file: str) -> datetime:
    return datetime.fromisoformat(real(file).bundle["timestamp"])


async def on_its_day(gateway: Gateway, clock: ManualClock, file: str) -> None:
    """It is the moment of the message, which is the first of its parties."""
    clock.advance((at(file) - clock.now()).total_seconds())
    provider, insurer = sorted((str(real(file).sender), str(real(file).receiver)), reverse=True)
    async with gateway.database.write() as unit:
        await history.let_begin(unit, provider, insurer, day_of(at(file)) + _DAY, by="a test", now=at(file))


async def test_every_real_request_is_answered_by_its_own_event_and_goes_where_it_should(
    tmp_path: Path,
) -> None:
    requests = of(Leg.REQUEST, LicenceKind.PROVIDER)
    assert len(requests) == 62
    clock, raws = ManualClock(at(requests[0])), [raw(file) for file in requests]
    refused = ({pair.file for pair in pairs() if pair.errors} | set(SAMPLES_REFUSED)) - set(PASSED_ON)
    async with exchange_with(f"sqlite:///{tmp_path}/claimgw.db", raws, clock=clock) as (gateway, wire, keys):
        for file, body in zip(requests, raws, strict=True):
            await on_its_day(gateway, clock, file)
            response = await gateway.post(body, keys[str(real(file).sender)])
            assert response.status_code == 200, (file, response.text)
            event, answer = real(file).event, opened(response.content)
            assert event is not None
            assert answer.event is not None
            assert (answer.event.code, answer.responds_to) == (event.reply, real(file).header_id), file
            passed_on = event.way is Way.INSURER and file not in refused
            assert (body in wire.posted) == passed_on, file
            assert (answer.sender == GATEWAY) == (not passed_on), file
            if event.way is Way.GATEWAY:
                assert bool(_CODE.findall(response.text)) == (file in refused), file
            if file in SAMPLES_REFUSED:
                assert set(_CODE.findall(response.text)) == SAMPLES_REFUSED[file][0], file
            async with gateway.database.read() as unit:
                ids = str(real(file).bundle_id), str(real(file).header_id)
                rows = await messages.arrived(unit, str(real(file).sender), *ids)
                kept = [await messages.content(unit, row.message_id) for row in rows]
            assert body in kept, file


async def test_what_insurers_really_sent_by_themselves_or_late_reaches_its_provider(tmp_path: Path) -> None:
    notices = [*of(Leg.NOTICE, LicenceKind.PAYER), *of(Leg.RESPONSE, LicenceKind.PAYER)]
    posted = sorted((file for file in notices if may_be_posted(file)), key=at)
    assert len(posted) == 31
    clock, raws = ManualClock(at(posted[0])), [raw(file) for file in posted]
    async with exchange_with(f"sqlite:///{tmp_path}/claimgw.db", raws, clock=clock) as (gateway, _, keys):
        for file, body in zip(posted, raws, strict=True):
            await on_its_day(gateway, clock, file)
            response = await gateway.post(body, keys[str(real(file).sender)])
            assert set(_CODE.findall(response.text)) == NOTICES_REFUSED.get(file, (set(), ""))[0], file
        clock.advance((START - clock.now()).total_seconds())
        for provider in {str(real(file).receiver) for file in posted}:
            poll = polling(asking("count", valuePositiveInt=100), sender=provider)
            given = await gateway.post(poll, keys[provider])
            told = [file for file in posted if str(real(file).receiver) == provider]
            assert nested(given.content) == [raw(file) for file in told if file not in NOTICES_REFUSED]


def may_be_posted(file: str) -> bool:
    """Answers to eligibility and status checks and acknowledgements are given in the session only."""
    event = real(file).event
    return event is not None and (event.leg is Leg.NOTICE or event.deferrable)


async def test_what_insurers_really_answered_in_the_session_is_passed_on_as_it_came(tmp_path: Path) -> None:
    answers = {real(file).responds_to: file for file in of(Leg.RESPONSE, LicenceKind.PAYER)}
    asked = [file for file in of(Leg.REQUEST, LicenceKind.PROVIDER) if real(file).header_id in answers]
    asked = [file for file in asked if file not in SAMPLES_REFUSED]
    assert len(asked) == 8

    async def answer(request: Request) -> Response:
        body = await request.body()
        return Response(raw(answers[opened(body).header_id]), media_type="application/fhir+json")

    insurer = Starlette(routes=[Route("/{rest:path}", answer, methods=["POST"])])
    clock, raws = ManualClock(at(asked[0])), [raw(file) for file in asked]
    async with exchange_with(f"sqlite:///{tmp_path}/claimgw.db", raws, clock=clock, insurer=insurer) as (
        gateway,
        _,
        keys,
    ):
        for file, body in zip(asked, raws, strict=True):
            await on_its_day(gateway, clock, file)
            response = await gateway.post(body, keys[str(real(file).sender)])
            assert response.content == raw(answers[real(file).header_id]), file


async def test_what_the_gateway_writes_nobody_may_post(tmp_path: Path) -> None:
    written = [file for file in files("*.json") if real(file).sender == GATEWAY]
    assert len(written) == 62
    async with exchange_with(f"sqlite:///{tmp_path}/claimgw.db", [raw(accepted()[0])]) as (gateway, _, keys):
        for file in written:
            for key in keys.values():
                response = await gateway.post(raw(file), key)
                assert response.status_code == 403, file
                assert parsed(response)["issue"][0]["details"]["coding"][0]["code"] == "GE-00020"
