"""What is wrong with a provider's message because of what came before it, or did not?"""

import json
import uuid
from collections.abc import Callable
from functools import partial

from tests.clearinghouse.bad_parties import OF_PROVIDERS
from tests.clearinghouse.bad_said import (
    asking_about,
    authorizing_again,
    cancelling,
    checking,
    granting,
    noticing,
    nullifying,
    paid_for,
    relying_on,
    resubmitting,
    writing,
)
from tests.clearinghouse.bad_steps import (
    CANCELLED,
    NULLIFIED,
    Alone,
    Row,
    Rows,
    addressed_to,
    after,
    alone,
    failed,
    of_clinic,
    posted_by,
    refused,
    revoked,
    to_rose,
    told,
    twice,
)
from tests.clearinghouse.bad_world import (
    OTHER_TPA,
    World,
    batch,
    changed,
    claim,
    focal_of,
    message,
    named,
    nobodys,
)
from tests.clearinghouse.spoken import Json
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL

# The events that name an earlier claim, with what is said of it.
ABOUT: dict[str, Callable[[Json], bytes]] = {
    "claim-request": resubmitting,
    "priorauth-request": authorizing_again,
    "cancel-request": cancelling,
    "status-check": checking,
    "communication": writing,
}


def rows() -> Rows:
    found: Rows = {}
    for event, make in ABOUT.items():
        found |= {(event, fault): row for fault, row in _about(make).items()}
    # Whoever asks for the status of such a claim is told `error`.
    del found["status-check", "about a claim answered with an error"]
    for event, sound in OF_PROVIDERS.items():
        found[event, "with another provider's Organization"] = _with_clinics_papers(sound)
        if event not in ("payment-notice", "poll-request"):
            found[event, "to another insurer than its Organization"] = addressed_to(sound, DESERT_ROSE)
    return found | {
        **_used_again(),
        **_claims(),
        **_batches(),
        **_cancellations(),
        **_communications(),
        **_notices(),
    }


def _about(make: Callable[[Json], bytes]) -> dict[str, Row]:
    def of_it(raw: bytes, _: bytes) -> bytes:
        return make(named(raw))

    return {
        "about what nobody sent": alone(lambda: make(nobodys())),
        "about another provider's claim": after(of_it, asked=of_clinic, by=CLINIC),
        "about a claim to another insurer": after(of_it, asked=to_rose),
        "about a refused claim": after(of_it, asked=refused, outcome="error"),
        "about a claim answered with an error": after(of_it, asked=failed, outcome="error"),
    }


def _with_clinics_papers(sound: Alone) -> Row:
    return posted_by(lambda: sound().replace(b"PR-1001", b"PR-1002"), HOSPITAL)


def _used_again() -> Rows:
    return {
        ("communication", "under a used identifier"): _written_twice,
        ("payment-notice", "under a used identifier"): _noticed_twice,
        ("batch-request", "with a claim under a used identifier"): after(
            lambda raw, _: batch_of_one(lambda member: _under_identifier_of(member, raw))
        ),
        ("eligibility-request", "under a used identifier"): twice(
            "eligibility-request", purpose=["validation"]
        ),
        ("priorauth-request", "under a used identifier"): twice(
            "priorauth-request-professional", billablePeriod={"start": "2026-03-08", "end": "2026-03-08"}
        ),
        ("claim-request", "under a used identifier"): twice(
            "claim-request-professional", billablePeriod={"start": "2026-03-08", "end": "2026-03-08"}
        ),
    }


def _claims() -> Rows:
    authorized = partial(relying_on, "priorauth-response")
    eligible = partial(relying_on, "eligibility-response")
    given = "under a number that nobody gave"
    return {
        ("claim-request", "on an eligibility answer that nobody gave"): alone(
            lambda: eligible(nobodys("CoverageEligibilityResponse"))
        ),
        ("claim-request", "on an eligibility answer to another provider"): after(
            lambda _, answer: eligible(named(answer)),
            asked=partial(message, "eligibility-request", of=CLINIC),
            by=CLINIC,
        ),
        ("claim-request", "on an authorization that nobody gave"): alone(
            lambda: authorized(nobodys("ClaimResponse"), number=given)
        ),
        ("claim-request", "on an authorization of another provider"): after(
            lambda _, answer: authorized(named(answer), number=given),
            asked=partial(message, "priorauth-request-professional", of=CLINIC),
            by=CLINIC,
        ),
        ("claim-request", "on an authorization of another insurer"): after(
            lambda _, answer: authorized(named(answer), number=given),
            asked=partial(message, "priorauth-request-professional", to=DESERT_ROSE),
        ),
        ("claim-request", "on an advanced authorization that was cancelled"): revoked(
            lambda given, number: authorized(named(given), number=number)
        ),
        ("claim-request", "to a TPA that does not serve the insurer"): addressed_to(claim, OTHER_TPA),
    }


def _batches() -> Rows:
    return {
        ("batch-request", "with a claim in another provider's name"): alone(
            lambda: batch_of_one(lambda member: member.replace(b"PR-1001", b"PR-1002"))
        ),
        ("batch-request", "with a claim to another insurer"): alone(
            lambda: batch_of_one(lambda member: member.replace(b"INS-2001", b"INS-2002"))
        ),
        ("batch-request", "with a request for authorization"): alone(lambda: batch_of_one(_as_authorization)),
        ("batch-request", "with a claim about what nobody sent"): alone(
            lambda: batch_of_one(_resubmitting_nothing)
        ),
    }


def _cancellations() -> Rows:
    return {
        ("cancel-request", "of a cancelled claim"): after(
            lambda raw, _: cancelling(named(raw)), then=CANCELLED
        ),
        ("cancel-request", "of a nullified claim"): after(
            lambda raw, _: cancelling(named(raw)), then=NULLIFIED
        ),
        ("cancel-request", "of an answer"): after(lambda _, answer: cancelling(named(answer))),
        ("cancel-request", "of a cancelled advanced authorization"): revoked(
            lambda given, _: cancelling(named(given))
        ),
        ("cancel-request", "of another provider's advanced authorization"): told(
            lambda given: cancelling(named(given)), lambda: granting("FAL-CLINIC", of=CLINIC), FALCON
        ),
        ("cancel-request", "that nullifies what nobody sent"): alone(lambda: nullifying(nobodys())),
        ("cancel-request", "that nullifies another provider's claim"): after(
            lambda raw, _: nullifying(named(raw)), asked=of_clinic, by=CLINIC
        ),
        ("cancel-request", "that nullifies a refused claim"): after(
            lambda raw, _: nullifying(named(raw)), asked=refused, outcome="error"
        ),
        ("cancel-request", "that nullifies a refused authorization"): after(
            lambda raw, _: nullifying(named(raw)),
            asked=lambda: message("priorauth-request-professional", use="claim"),
            outcome="error",
        ),
    }


def _communications() -> Rows:
    return {
        ("communication", "about a cancelled claim"): after(
            lambda raw, _: writing(named(raw)), then=CANCELLED
        ),
        ("communication", "that answers a question nobody asked"): after(
            lambda raw, _: writing(named(raw), nobodys("CommunicationRequest"))
        ),
        ("communication", "that answers a question to another provider"): _answers_clinics_question,
    }


async def _answers_clinics_question(world: World) -> tuple[bytes, str]:
    raw, of_clinics = claim(), of_clinic()
    await world.claimed(raw)
    await world.claimed(of_clinics, CLINIC)
    question = asking_about(named(of_clinics), of=CLINIC)
    await world.say(question, FALCON)
    return writing(named(raw), named(question)), HOSPITAL


async def _written_twice(world: World) -> tuple[bytes, str]:
    raw, used = claim(), f"COM-{uuid.uuid4().hex}"
    await world.claimed(raw)
    await world.say(writing(named(raw), identifier=used))
    return writing(named(raw), identifier=used, payload=[{"contentString": "Another text."}]), HOSPITAL


def _notices() -> Rows:
    return {
        ("payment-notice", "of what nobody paid"): alone(lambda: noticing(nobodys("PaymentReconciliation"))),
        ("payment-notice", "of what was paid to another provider"): _notice_of(CLINIC, "2026-11-01"),
        ("payment-notice", "of a day before the payment"): _notice_of(HOSPITAL, "2026-10-30"),
    }


def _notice_of(paid: str, day: str) -> Row:
    async def commit(world: World) -> tuple[bytes, str]:
        raw = claim(of=paid)
        payment = paid_for(raw, await world.claimed(raw, paid), of=paid)
        await world.say(payment, FALCON)
        return noticing(named(payment), paymentDate=day), HOSPITAL

    return commit


async def _noticed_twice(world: World) -> tuple[bytes, str]:
    raw, used = claim(), f"PN-{uuid.uuid4().hex}"
    payment = paid_for(raw, await world.claimed(raw))
    await world.say(payment, FALCON)
    await world.say(noticing(named(payment), paymentDate="2026-11-01", identifier=used))
    return noticing(named(payment), paymentDate="2026-11-01", identifier=used, status="cancelled"), HOSPITAL


def batch_of_one(change: Callable[[bytes], bytes]) -> bytes:
    """A batch of a single claim, which is changed."""
    tree = json.loads(batch())
    tree["entry"] = tree["entry"][:2]
    tree["entry"][0]["resource"]["focus"] = tree["entry"][0]["resource"]["focus"][:1]
    tree["entry"][1]["resource"] = json.loads(change(json.dumps(tree["entry"][1]["resource"]).encode()))
    return json.dumps(tree).encode()


def _as_authorization(member: bytes) -> bytes:
    for claimed, authorized in (
        (b"claim-request", b"priorauth-request"),
        (b'"claim"', b'"preauthorization"'),
    ):
        member = member.replace(claimed, authorized)
    return member.replace(b"pharmacy-claim", b"pharmacy-priorauth")


def _under_identifier_of(member: bytes, raw: bytes) -> bytes:
    used = focal_of(raw)["identifier"]
    return changed(member, lambda tree: tree["entry"][1]["resource"].update(identifier=used))


def _resubmitting_nothing(member: bytes) -> bytes:
    related = focal_of(resubmitting(nobodys()))["related"]
    return changed(member, lambda tree: tree["entry"][1]["resource"].update(related=related))
