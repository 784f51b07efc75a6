"""Which batches are sent in tests? Written ones, put together as text: every byte of a claim is known."""

import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from claimgw.messages.identifiers import DEFINITIONS
from tests.clearinghouse.scene import Scene
from tests.clearinghouse.spoken import Json
from tests.gateway import example, resource

_THREE = json.loads(example("batch-request-three"))
Change = Callable[[Json], None]


def member(number: int, change: Change | None = None, *, identifier: str = "BAT-1") -> bytes:
    """A sound claim under new ids, with spaces and an amount that no writer of ours would give it."""
    written: Json = json.loads(json.dumps(_THREE["entry"][1]["resource"]))
    written["id"] = str(uuid.uuid4())
    head, claim = written["entry"][0], resource(written, "Claim")
    head["resource"]["id"] = str(uuid.uuid4())
    head["fullUrl"] = f"http://alwaha.example/fhir/MessageHeader/{head['resource']['id']}"
    claim["identifier"][0]["value"] = f"CLM-{uuid.uuid4()}"
    for extension in claim["extension"]:
        match extension["url"].removeprefix(DEFINITIONS):
            case "extension-batch-number":
                extension["valuePositiveInt"] = number
            case "extension-batch-identifier":
                extension["valueIdentifier"]["value"] = identifier
    if change:
        change(written)
    return json.dumps(written, indent=1).replace("110.98", "110.980").encode()


def batch(*members: bytes, change: Change | None = None) -> bytes:
    """Those in their order; `change` is given the outer Bundle while its entries are still to come."""
    outer: Json = {**_THREE, "id": str(uuid.uuid4()), "entry": [json.loads(json.dumps(_THREE["entry"][0]))]}
    head = outer["entry"][0]
    head["resource"]["id"] = str(uuid.uuid4())
    head["fullUrl"] = f"http://alwaha.example/fhir/MessageHeader/{head['resource']['id']}"
    urls = [f"http://alwaha.example/fhir/Bundle/{_id(one)}" for one in members]
    head["resource"]["focus"] = [{"reference": url} for url in urls]
    if change:
        change(outer)
    text = json.dumps(outer)
    assert text.endswith("]}")
    entries = [
        f', {{"fullUrl": "{url}", "resource": {one.decode()} }}'
        for url, one in zip(urls, members, strict=True)
    ]
    return (text[:-2] + "".join(entries) + "]}").encode()


def three(change: Change | None = None, **more: Any) -> tuple[bytes, list[bytes]]:
    """A batch of three claims, the second one changed; and those claims."""
    members = [member(1, **more), member(2, change, **more), member(3, **more)]
    return batch(*members), members


def told(answer: Json) -> list[Json]:
    """The ClaimResponse for each claim, in the order of the batch."""
    assert answer["entry"][0]["resource"]["eventCoding"]["code"] == "batch-response"
    return [resource(one["resource"], "ClaimResponse") for one in answer["entry"][1:]]


def outcomes(answer: Json) -> list[str]:
    return [one["outcome"] for one in told(answer)]


def faults(answer: Json) -> list[tuple[str, str]]:
    """Code and place of each error of a ClaimResponse, or of each issue of a refused batch."""
    if answer["resourceType"] == "ClaimResponse":
        codings = [error["code"]["coding"][0] for error in answer.get("error", [])]
        return [(one["code"], one["extension"][0]["valueString"]) for one in codings]
    issues = resource(answer, "OperationOutcome")["issue"]
    return [(one["details"]["coding"][0]["code"], one.get("expression", [""])[0]) for one in issues]


def batch_extensions(resources: Json) -> list[Json]:
    return [one for one in resources.get("extension", []) if "-batch-" in one["url"]]


async def deliver(scene: Scene) -> None:
    """The worker works until nothing is due. The claims of a batch are due one after the other."""
    scene.clock.advance(1)
    while await scene.work():
        pass


async def known(scene: Scene, members: Iterable[bytes]) -> list[str]:
    """How each claim stands."""
    return [(await scene.exchange(one)).state.value for one in members]


def _id(raw: bytes) -> str:
    tree = json.loads(raw)
    return str(tree["id"]) if tree["resourceType"] == "Bundle" else str(uuid.uuid4())
