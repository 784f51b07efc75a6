"""Which bodies come in at all, by type, format and size?"""

from collections.abc import AsyncIterator

import pytest

from claimgw.messages.decode import LARGEST
from tests.clearinghouse.spoken import CLAIM, fresh, polling
from tests.endpoint.doors import Doors
from tests.endpoint.faults import PATH
from tests.gateway import FHIR

JSON = "application/fhir+json"


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "Application/FHIR+JSON",
        "application/json",
        "application/json+fhir",
        f"{JSON};charset=UTF-8",
        f'{JSON}; charset="utf-8"; fhirVersion=4.0',
        f"{JSON}; fhirVersion=4.0; charset=utf-8",
    ],
)
async def test_json_is_taken_under_all_its_names(content_type: str, doors: Doors) -> None:
    response = await doors.gateway.post(fresh(CLAIM), doors.key, **{"content-type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "accept", [JSON, "application/json", "*/*", "application/*;q=0.8", f"text/html, {JSON};q=0.5"]
)
async def test_whoever_can_take_json_is_answered(accept: str, doors: Doors) -> None:
    response = await doors.gateway.post(polling(), doors.key, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == JSON


@pytest.mark.parametrize(
    "accept", ["text/html", f"{JSON};q=0, text/*", f"{JSON}; fhirVersion=5.0", "application/xml+fhir"]
)
async def test_whoever_cannot_take_json_is_told_so(accept: str, doors: Doors) -> None:
    response = await doors.gateway.post(polling(), doors.key, accept=accept)
    assert (response.status_code, response.json()["resourceType"]) == (406, "OperationOutcome")


@pytest.mark.parametrize("named", ["json", "application/fhir+json", "application/fhir%2Bjson", "text/json"])
async def test_a_format_in_the_address_goes_before_the_header(named: str, doors: Doors) -> None:
    headers = {**FHIR, "authorization": f"Bearer {doors.key}", "accept": "text/html"}
    response = await doors.gateway.client.post(f"{PATH}?_format={named}", content=polling(), headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
@pytest.mark.parametrize("announced", [True, False])
async def test_ten_megabytes_are_the_limit_to_the_byte(
    more: int, status: int, announced: bool, doors: Doors
) -> None:
    raw = polling()
    raw += b" " * (LARGEST - len(raw) + more)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 65536):
            yield raw[start : start + 65536]

    headers = {**FHIR, "authorization": f"Bearer {doors.key}"}
    content = raw if announced else pieces()
    response = await doors.gateway.client.post(PATH, content=content, headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("path", ["/$process-message", "/fhir/$process-message", "/a/b/c/$process-message"])
async def test_what_stands_before_the_operation_is_free(path: str, doors: Doors) -> None:
    """Spec §0.2."""
    headers = {**FHIR, "authorization": f"Bearer {doors.key}"}
    response = await doors.gateway.client.post(path, content=polling(), headers=headers)
    assert response.status_code == 200


async def test_a_stranger_with_a_large_body_is_not_listened_to(doors: Doors) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 65536

    response = await doors.gateway.client.post(PATH, content=endless(), headers=FHIR)
    assert response.status_code == 401
    assert taken == 0
