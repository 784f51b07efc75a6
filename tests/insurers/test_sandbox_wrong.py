"""Does the sandbox answer wrongly where it is asked to, and nowhere else?"""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimgw.conformance import Direction, check
from claimgw.insurers.sandbox.behaviour import TABLE, Behaviour, Wish
from claimgw.insurers.sandbox.cases import Cases
from claimgw.insurers.sandbox.claim_response import Stamp
from claimgw.insurers.sandbox.reading import read
from claimgw.insurers.sandbox.wording import Turn
from claimgw.messages import envelope
from claimgw.messages.findings import Severity
from tests.insurers.sandbox_events import (
    CLAIM,
    FALCON,
    LATER,
    NOW,
    Scene,
    about,
    assert_faultless,
    cancel,
    event_of,
    faults_in,
    focal,
    scene_of,
    sent,
    status,
)
from tests.insurers.sandbox_requests import SD, Json, decode, encode, header_of, pass_time, places


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with scene_of() as made:
        yield made


EVENTS = {
    "eligibility-request": sent("eligibility-request"),
    "cancel-request": cancel(),
    "status-check": status(),
    "communication": sent("communication", about=[about(CLAIM)]),
}


def ending_in(event: str, ending: str) -> bytes:
    return encode(_renamed(decode(EVENTS[event]), f"X-{ending}"))


def _renamed(tree: Json, value: str) -> Json:
    tree["entry"][0]["resource"]["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, value))
    tree["entry"][1]["resource"]["identifier"][0]["value"] = value
    return tree


@pytest.mark.parametrize("event", EVENTS)
async def test_every_event_can_be_answered_wrongly(scene: Scene, event: str) -> None:
    await scene.claims(CLAIM)
    usual = await scene.says(ending_in(event, "APPROVE"))
    said = {name: await scene.says(ending_in(event, name)) for name in ("OTHER", "STRANGER", "FOREIGN")}
    receipt = event == "communication"
    assert header_of(said["OTHER"])["response"]["identifier"] != header_of(ending_in(event, "OTHER"))["id"]
    assert header_of(said["STRANGER"])["sender"]["identifier"]["value"] == "INS-STRANGER"
    assert header_of(usual)["sender"]["identifier"]["value"] == FALCON
    if not receipt:
        name = "request" if event == "eligibility-request" else "focus"
        assert focal(said["FOREIGN"])[name] != focal(usual)[name]
    broken = await scene.says(ending_in(event, "INVALID"))
    if receipt:
        assert "response" not in header_of(broken)
    else:
        assert {"outcome", "status"} & focal(usual).keys() > {"outcome", "status"} & focal(broken).keys()
    assert event_of(await scene.says(ending_in(event, "DECLINE"))) == "acknowledgement"
    assert (await scene.says(ending_in(event, "GARBAGE"))).startswith(b"<!DOCTYPE")
    await scene.says(ending_in(event, "TWICE"))
    await pass_time(scene.clock, 1)
    assert [event_of(one) for one in scene.gateway.came] == ([] if receipt else [event_of(usual)])


async def test_an_answer_to_nothing_names_a_claim_that_never_was(scene: Scene) -> None:
    assert (await scene.claims("CLM-NOTHING"))["outcome"] == "complete"
    posted = await scene.posts()
    assert_faultless(posted)
    assert focal(posted)["request"]["identifier"]["value"] != "CLM-NOTHING"


async def test_a_batch_is_echoed_unless_it_is_to_be_left_out(scene: Scene) -> None:
    asked = focal(sent("claim-request-professional"))["extension"]
    batch: list[Json] = [
        {
            "url": SD + "extension-batch-identifier",
            "valueIdentifier": {"system": "http://b.example", "value": "1"},
        },
        {"url": SD + "extension-batch-number", "valuePositiveInt": 7},
        {
            "url": SD + "extension-batch-period",
            "valuePeriod": {"start": "2026-01-01", "end": "2026-01-31"},
        },
    ]
    for ending, expected in (("APPROVE", batch), ("BARE", [])):
        request = sent("claim-request-professional", f"CLM-{ending}", extension=[*asked, *batch])
        said = focal(await scene.says(request))["extension"]
        assert [one for one in said if "batch" in one["url"]] == expected


@pytest.mark.parametrize(
    ("event", "ending", "code"),
    [
        ("claim-request-professional", "DESPITE-5", "BV-00525"),
        ("claim-request-professional", "NOTHING", "BV-00003"),
        ("claim-request-professional", "FOREIGN", "BV-00098"),
        ("claim-request-professional", "OTHER", "BV-00544"),
        ("claim-request-professional", "STRANGER", "BV-00447"),
        ("claim-request-professional", "INVALID", "IC-00095"),
        ("eligibility-request", "TWICE", "BV-00152"),
        ("eligibility-request", "FOREIGN", "BV-00151"),
        ("eligibility-request", "OTHER", "BV-00544"),
        ("cancel-request", "FOREIGN", "BV-00940"),
        ("cancel-request", "STRANGER", "BV-00447"),
        ("status-check", "INVALID", "IC-00308"),
    ],
)
async def test_what_is_wrong_on_purpose_is_found_by_who_remembers(
    scene: Scene, event: str, ending: str, code: str
) -> None:
    if event in EVENTS:
        await scene.claims(CLAIM)
        await scene.says(ending_in(event, ending))
    else:
        await scene.claims(f"CLM-{ending}")
        if ending.startswith("DESPITE"):
            await scene.says(cancel(f"CLM-{ending}"))
    await pass_time(scene.clock, 5)
    assert code in faults_in(scene.gateway.transcript)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(EVENTS)), anything, st.sampled_from(TABLE), st.data())
def test_anything_in_any_place_never_breaks_the_insurer(
    event: str, value: object, row: Behaviour, data: st.DataObject
) -> None:
    tree = decode(EVENTS[event])
    holder, key = data.draw(st.sampled_from(list(places(tree["entry"][1:]))))
    holder[key] = value

    request, cases = read(encode(tree)), Cases()
    known = sent("claim-request-professional", CLAIM)
    cases.remember(read(known), known)
    plan = Wish(row, 1).plan(Turn(request, cases.about(request)))
    made = Stamp("b", "h", "f", NOW)
    for compose in (plan.answer, *(one.compose for one in plan.later)):
        cases.said(compose(made))


REAL = [
    one
    for kind in (
        "eligibility-request",
        "cancel-request",
        "status-check",
        "communication-s",
        "communication-u",
    )
    for one in sorted((Path(__file__).parents[3] / "shared" / "messages").glob(f"{kind}*.json"))
]


@pytest.mark.skipif(not REAL, reason="the real messages are not beside this checkout")
async def test_real_requests_get_answers_without_an_error() -> None:
    for path in REAL:
        message = path.read_bytes()
        async with scene_of(read(message).receiver.value) as scene:
            answer = envelope.read(await scene.says(message))
        assert isinstance(answer, envelope.Envelope)
        found = check(answer, LATER, direction=Direction.ANSWER, all_stages=True)
        assert [one for one in found if one.severity is Severity.ERROR] == []
