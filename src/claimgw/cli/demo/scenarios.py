"""What happens in the story? Every scenario, with what must come of it."""

from claimgw.cli.demo.claims import REQUESTS
from claimgw.cli.demo.programs import until
from claimgw.cli.demo.stage import CLINIC, HOSPITAL, Stage
from claimgw.cli.demo.story import (
    PATIENCE_SECONDS,
    Scenario,
    Told,
    attempts,
    codes,
    fetch,
    next_notice,
    notices,
    send,
    words,
)
from claimgw.client import Answer, Provider, poll_request
from claimgw.clock import SystemClock
from claimgw.messages.identifiers import Licence

SCENARIOS: list[Scenario] = []


def _answered(name: str, example: str, ending: str, expected: str) -> None:
    """A claim that the insurer decides while the provider waits."""

    async def play(stage: Stage, told: Told) -> None:
        told(words(await send(stage, stage.author.message(example, ending))))

    SCENARIOS.append(Scenario(name, expected, play))


def _answered_later(name: str, example: str, ending: str, *expected: str) -> None:
    """A claim whose answers, all but the first, are fetched by polling."""

    async def play(stage: Stage, told: Told) -> None:
        claim = stage.author.message(example, ending)
        told(words(await send(stage, claim)))
        for _ in expected[1:]:
            told(f"polled: {words(await fetch(stage, claim))}")

    SCENARIOS.append(Scenario(name, " → ".join(expected), play))


def _unusable(name: str, example: str, ending: str) -> None:
    """An answer that cannot be passed on: the provider waits for a better one, the insurer is told why."""

    async def play(stage: Stage, told: Told) -> None:
        claim = stage.author.message(example, ending)
        before = await notices(stage, claim.receiver)
        told(words(await send(stage, claim)))
        await next_notice(stage, claim.receiver, before)
        told(f"error-notice at the insurer, claim sent {await attempts(stage, claim)}×")

    expected = "queued, pended from the gateway → error-notice at the insurer, claim sent 1×"
    SCENARIOS.append(Scenario(name, expected, play))


async def _all_types(stage: Stage, told: Told) -> None:
    answers = [await send(stage, stage.author.message(example)) for example in REQUESTS]
    told(f"{sum(answer.adjudication == 'approved' for answer in answers)} of {len(answers)} approved")


async def _refused(stage: Stage, told: Told) -> None:
    answer = await send(stage, stage.author.message("claim-request-refused"))
    told(f"{words(answer)}: {codes(answer)}")
    told.notes += [f"{found.code} at {found.path}: {found.text}" for found in answer.findings]


async def _payer_error(stage: Stage, told: Told) -> None:
    answer = await send(stage, stage.author.message("claim-request-pharmacy", "ERROR"))
    told(f"{words(answer)}: {codes(answer)}")


async def _down(stage: Stage, told: Told) -> None:
    claim = stage.author.message("priorauth-request-oral")
    insurer = stage.insurers[claim.receiver]
    await insurer.stop()
    told(words(await send(stage, claim)))
    await insurer.start()
    told("insurer back")
    told(f"polled: {words(await fetch(stage, claim))}")


async def _silent(stage: Stage, told: Told) -> None:
    claim = stage.author.message("claim-request-institutional", "SILENT-1")
    told(words(await send(stage, claim)))
    answer = await fetch(stage, claim)
    told(f"sent {await attempts(stage, claim)}× under one id")
    told(f"polled: {words(answer)}")


async def _repeat(stage: Stage, told: Told) -> None:
    claim = stage.author.message("claim-request-vision")
    first, second = await send(stage, claim), await send(stage, claim)
    told(words(first))
    told("the same bytes" if first.raw == second.raw else "another answer")
    told(f"forwarded {await attempts(stage, claim)}×")


async def _collision(stage: Stage, told: Told) -> None:
    claim = stage.author.message("claim-request-professional")
    told(words(await send(stage, claim)))
    changed = claim.raw.replace(b"normal", b"stat", 1)
    assert changed != claim.raw, "the example is not of normal priority any more"
    answer = await stage.clients[claim.sender].send(changed)
    told(f"{words(answer)}: {codes(answer)}")
    told(f"forwarded {await attempts(stage, claim)}×")


async def _mailboxes(stage: Stage, told: Told) -> None:
    claims = {
        HOSPITAL: stage.author.message("priorauth-request-pharmacy", "QUEUE-0"),
        CLINIC: stage.author.message("claim-request-oral", "QUEUE-0"),
    }
    fetched: dict[str, set[str | None]] = {HOSPITAL: set(), CLINIC: set()}
    for claim in claims.values():
        await send(stage, claim)

    async def both_have_theirs() -> bool:
        for provider, found in fetched.items():
            polled = await stage.clients[provider].poll(provider, count=100)
            found |= {Answer.read(200, raw).about for raw in polled.messages}
        return all(claims[provider].identifier.value in found for provider, found in fetched.items())

    await until(both_have_theirs, "both providers have their answers", PATIENCE_SECONDS)
    for provider, other in ((HOSPITAL, CLINIC), (CLINIC, HOSPITAL)):
        foreign = claims[other].identifier.value in fetched[provider]
        number = provider.partition(":")[2]
        told(f"{number} polled its own answer{' and the other one' if foreign else ' only'}")


async def _foreign_poll(stage: Stage, told: Told) -> None:
    poll = poll_request(Provider(Licence.parse(HOSPITAL)), SystemClock().now())
    answer = await stage.clients[CLINIC].send(poll)
    told(f"HTTP {answer.status} {codes(answer)}")


async def _unasked(stage: Stage, told: Told) -> None:
    answer: Answer = await send(stage, stage.author.message("claim-response-deferred"))
    told(f"{answer.event} {words(answer)}: {codes(answer)}")


_answered("approved", "claim-request-professional", "APPROVE", "complete, approved from INS-2001")
_answered("partial", "claim-request-institutional", "PARTIAL", "complete, partial from INS-2001")
_answered("rejected", "claim-request-oral", "REJECT", "complete, rejected from INS-2002")
SCENARIOS += [
    Scenario("all ten claim and authorization types", "10 of 10 approved", _all_types),
    Scenario("refused by validation", "error from the gateway: FR-00027, GE-00035", _refused),
    Scenario("payer's error passed through", "error from INS-2002: 1658", _payer_error),
    Scenario(
        "insurer down, then back",
        "queued, pended from the gateway → insurer back → polled: complete, approved from INS-2002",
        _down,
    ),
    Scenario(
        "insurer silent, sent again",
        "queued, pended from the gateway → sent 2× under one id → polled: complete, approved from INS-2001",
        _silent,
    ),
]
_answered_later(
    "insurer queued, answers later",
    "claim-request-pharmacy",
    "QUEUE-1",
    "queued, pended from INS-2002",
    "polled: complete, approved from INS-2002",
)
_answered_later(
    "queued, partial, complete",
    "priorauth-request-professional",
    "STEPS-1",
    "queued, pended from INS-2001",
    "polled: partial, partial from INS-2001",
    "polled: complete, approved from INS-2001",
)
_unusable("insurer answers garbage", "claim-request-vision", "GARBAGE")
_unusable("insurer's answer is invalid", "priorauth-request-vision", "INVALID")
_answered_later(
    "insurer busy (503)",
    "priorauth-request-institutional",
    "BUSY-1",
    "queued, pended from the gateway",
    "polled: complete, approved from INS-2001",
)
SCENARIOS += [
    Scenario("repeat", "complete, approved from INS-2001 → the same bytes → forwarded 1×", _repeat),
    Scenario(
        "copy with other content",
        "complete, approved from INS-2001 → error from the gateway: BV-00533 → forwarded 1×",
        _collision,
    ),
    Scenario(
        "two mailboxes",
        "PR-1001 polled its own answer only → PR-1002 polled its own answer only",
        _mailboxes,
    ),
    Scenario("poll for another provider", "HTTP 403 GE-00020", _foreign_poll),
    Scenario(
        "answer that nobody asked for", "acknowledgement fatal-error from the gateway: BV-00003", _unasked
    ),
]
