"""Do the messages of examples/story tell one case: the same people, nothing unheard of, exact sums?"""

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from claimgw.conformance import check, direction_of
from claimgw.conformance.history.remembered import remember
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.identifiers import GATEWAY, Identifier, Licence, LicenceKind

_FILES = sorted((Path(__file__).parents[2] / "examples" / "story").glob("*.json"))
_INSURER = Licence(LicenceKind.PAYER, "INS-2001")

Json = dict[str, Any]


def _read(file: Path) -> Envelope:
    envelope = read(file.read_bytes())
    assert isinstance(envelope, Envelope), file
    return envelope


STORY = {file.stem: _read(file) for file in _FILES}


def _told(name: str) -> Json:
    """The focal resource of a message, by its name without the number."""
    [focal] = [one.focal for stem, one in STORY.items() if re.fullmatch(rf"\d+-{name}", stem)]
    assert focal is not None
    return focal.resource


def _extension(element: Json, name: str, value: str) -> Any:
    [found] = [one for one in element["extension"] if one["url"].endswith(f"/extension-{name}")]
    return found[value]


def _extensions(element: Json) -> set[str]:
    return {one["url"].rsplit("/", 1)[1] for one in element["extension"]}


def _named(value: Any) -> Iterator[tuple[str, Identifier]]:
    """Every reference by type and business identifier."""
    if isinstance(value, list):
        for inner in value:
            yield from _named(inner)
    elif isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and (identifier := Identifier.of(value.get("identifier"))):
            yield kind, identifier
        for inner in value.values():
            yield from _named(inner)


def _amounts(item: Json) -> dict[str, Decimal]:
    return {
        line["category"]["coding"][0]["code"]: line["amount"]["value"]
        for line in item["adjudication"]
        if "amount" in line
    }


def test_the_files_are_numbered_in_the_order_of_their_times() -> None:
    assert [int(file.name.split("-")[0]) for file in _FILES] == list(range(1, len(_FILES) + 1))
    times = [datetime.fromisoformat(one.bundle["timestamp"]) for one in STORY.values()]
    assert all(before < after for before, after in pairwise(times))


def test_no_message_is_at_fault_on_its_day_to_someone_who_remembers_those_before() -> None:
    before: list[Envelope] = []
    first_day = datetime.fromisoformat(next(iter(STORY.values())).bundle["timestamp"]).date()
    for name, message in STORY.items():
        if message.sender != GATEWAY:  # whose own messages nobody checks
            received = datetime.fromisoformat(message.bundle["timestamp"])
            known = remember(before, message, since=first_day)
            direction = direction_of(message.event)
            assert not check(message, received, direction=direction, all_stages=True, memory=known), name
        before.append(message)


def test_each_person_cover_and_place_is_told_alike_in_every_message() -> None:
    known: dict[str, Json] = {}
    for name, message in STORY.items():
        for entry in message.entries[1:]:
            # The visit is open when the authorization is asked for, and over when it is claimed.
            if entry.type != "Encounter":
                assert entry.full_url is not None
                assert known.setdefault(entry.full_url, entry.resource) == entry.resource, name
    kinds = [resource["resourceType"] for resource in known.values()]
    assert (kinds.count("Patient"), kinds.count("Coverage")) == (1, 1)


def test_it_is_one_visit_open_at_first_and_then_over() -> None:
    asked, claimed = (
        entry.resource for one in STORY.values() for entry in one.entries if entry.type == "Encounter"
    )
    assert (asked["status"], claimed["status"]) == ("in-progress", "finished")
    assert asked["identifier"] == claimed["identifier"]
    assert asked["period"]["start"] == claimed["period"]["start"]


def test_what_a_message_names_was_sent_before_it() -> None:
    sent: set[tuple[str, Identifier]] = set()
    for name, message in STORY.items():
        focal = message.focal
        if focal is None:
            continue
        named = {one for one in _named(focal.resource) if one[0] != "Organization"}
        assert named <= sent, name
        assert message.focal_identifier is not None
        sent.add((focal.type, message.focal_identifier))


def test_the_claim_quotes_eligibility_and_authorization() -> None:
    claim, authorized = _told("claim-request"), _told("priorauth-response")
    quoted = _extension(claim, "eligibility-response", "valueReference")
    assert quoted["identifier"] == _told("eligibility-response")["identifier"][0]
    quoted = _extension(claim, "priorauth-response", "valueReference")
    assert quoted["identifier"] == authorized["identifier"][0]
    assert claim["insurance"][0]["preAuthRef"] == [authorized["preAuthRef"]]
    assert authorized["preAuthPeriod"]["start"] <= claim["item"][0]["servicedDate"]


def test_every_authorized_service_is_claimed_at_the_same_price() -> None:
    asked, claimed = (
        {item["productOrService"]["coding"][0]["code"]: item["net"] for item in _told(name)["item"]}
        for name in ("priorauth-request", "claim-request")
    )
    assert asked.items() <= claimed.items()


def test_each_answer_repeats_items_and_invoice_of_the_claim_and_its_sums_are_exact() -> None:
    claim = _told("claim-request")
    for name in ("claim-response", "claim-response-reissued"):
        answer = _told(name)
        for asked, given in zip(claim["item"], answer["item"], strict=True):
            told = _amounts(given)
            assert given["itemSequence"] == asked["sequence"]
            invoice = [_extension(one, "patientInvoice", "valueIdentifier") for one in (asked, given)]
            assert invoice[0] == invoice[1]
            assert told["submitted"] == asked["net"]["value"]
            assert told["benefit"] + told["patientShare"] + told.get("rejected", 0) == told["submitted"]
        assert _amounts({"adjudication": answer["total"]})["submitted"] == claim["total"]["value"]


def test_only_the_second_answer_is_reissued() -> None:
    assert "extension-adjudication-reissue" not in _extensions(_told("claim-response"))
    reason = _extension(_told("claim-response-reissued"), "adjudication-reissue", "valueCodeableConcept")
    assert reason["coding"][0]["code"] == "adjudication"


def test_the_payment_is_what_the_second_answer_grants_less_the_fees() -> None:
    answer, payment = _told("claim-response-reissued"), _told("payment-reconciliation")
    [detail] = payment["detail"]
    granted, early, fee = (
        _extension(detail, f"component-{part}", "valueMoney")["value"]
        for part in ("payment", "early-fee", "nphies-fee")
    )
    assert granted == _amounts({"adjudication": answer["total"]})["benefit"]
    assert detail["amount"]["value"] == granted + early + fee == payment["paymentAmount"]["value"]
    assert detail["response"]["identifier"] == answer["identifier"][0]
    assert answer["created"].startswith(detail["date"])  # BV-00363
    assert _told("payment-notice")["amount"] == payment["paymentAmount"]


def test_the_attachments_are_a_document_and_a_picture() -> None:
    attached = [row.get("contentAttachment") for row in _told("communication")["payload"]]
    document, picture = (one for one in attached if one)
    assert (document["contentType"], picture["contentType"]) == ("application/pdf", "image/jpeg")
    raw = base64.b64decode(document["data"], validate=True)
    assert (raw[:5], raw[-6:]) == (b"%PDF-", b"%%EOF\n")
    raw = base64.b64decode(picture["data"], validate=True)
    assert (raw[:2], raw[-2:]) == (b"\xff\xd8", b"\xff\xd9")


def test_the_gateway_confirms_what_stops_at_it_and_what_an_insurer_starts() -> None:
    confirmed = {one.responds_to for one in STORY.values() if one.sender == GATEWAY}
    stopping = {
        one.header_id
        for one in STORY.values()
        if one.response is None and (one.receiver == GATEWAY or one.sender == _INSURER)
    }
    assert confirmed == stopping
