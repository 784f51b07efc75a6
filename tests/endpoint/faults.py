"""How is each fault of docs/errors.md committed? A request for every row, by the row's name."""

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from claimgw.access.keys import new_key
from tests.clearinghouse.spoken import CLAIM, asking, deferred, fresh, polling, renamed
from tests.endpoint.doors import BLOCKED, LIMITED, Doors, without_store
from tests.gateway import CLINIC, FALCON, FHIR, HOSPITAL

Commit = Callable[[Doors], Awaitable[httpx.Response]]
Json = dict[str, Any]
PATH = "/fhir/$process-message"
ELEVEN_MB = 11 * 1024 * 1024


def sending(
    made: bytes | Callable[[bytes], bytes], *, who: str = HOSPITAL, name: str = CLAIM, **headers: str
) -> Commit:
    """Those bytes, or what is made of a sound message, posted by that party."""

    async def commit(doors: Doors) -> httpx.Response:
        raw = made if isinstance(made, bytes) else made(fresh(name))
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        return await doors.gateway.post(raw, doors.keys[who], **named)

    return commit


def tree(change: Callable[[Json], object]) -> Callable[[bytes], bytes]:
    """A change made on the decoded message."""

    def made(raw: bytes) -> bytes:
        bundle = json.loads(raw)
        change(bundle)
        return json.dumps(bundle).encode()

    return made


def header(change: Callable[[Json], object]) -> Callable[[bytes], bytes]:
    return tree(lambda bundle: change(bundle["entry"][0]["resource"]))


def focal(change: Callable[[Json], object]) -> Callable[[bytes], bytes]:
    return tree(lambda bundle: change(bundle["entry"][1]["resource"]))


def event(code: str) -> Callable[[bytes], bytes]:
    return header(lambda head: head["eventCoding"].update(code=code))


def receiver(value: str, system: str = "payer") -> Callable[[bytes], bytes]:
    named = {"system": f"http://nphies.sa/license/{system}-license", "value": value}
    return header(lambda head: head["destination"][0]["receiver"].update(identifier=named))


def sender(licence: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b"PR-1001", licence.partition(":")[2].encode())


def nameless(head: Json) -> None:
    del head["sender"]["identifier"]


def unaddressed(head: Json) -> None:
    del head["destination"][0]["receiver"]["identifier"]


def second_header(bundle: Json) -> None:
    first, new = bundle["entry"][0], "3a3b0d7e-6f0f-4a53-9d55-6f4b5a0c8f11"
    again = json.dumps(first).replace(first["resource"]["id"], new)
    bundle["entry"].append(json.loads(again))


def poll(*inputs: Json, who: str = HOSPITAL, key_of: str = HOSPITAL) -> Commit:
    async def commit(doors: Doors) -> httpx.Response:
        return await doors.gateway.post(polling(*inputs, sender=who), doors.keys[key_of])

    return commit


def twice(change: Callable[[bytes], bytes]) -> Commit:
    """A sound message, then another under the same names."""

    async def commit(doors: Doors) -> httpx.Response:
        raw = fresh(CLAIM)
        await doors.gateway.post(raw, doors.key)
        return await doors.gateway.post(change(raw), doors.key)

    return commit


def new_id_of(place: str) -> Callable[[bytes], bytes]:
    def made(raw: bytes) -> bytes:
        old, new = json.loads(raw), json.loads(renamed(raw))
        ids = {"bundle": lambda of: of["id"], "header": lambda of: of["entry"][0]["resource"]["id"]}
        return raw.replace(ids[place](old).encode(), ids[place](new).encode())

    return made


def keyed(key: Callable[[Doors], str | None]) -> Commit:
    return lambda doors: doors.gateway.post(fresh(CLAIM), key(doors))


def calling(method: str, path: str) -> Commit:
    async def commit(doors: Doors) -> httpx.Response:
        key = {"authorization": f"Bearer {doors.key}"}
        return await doors.gateway.client.request(method, path, content=fresh(CLAIM), headers={**FHIR, **key})

    return commit


async def in_chunks(doors: Doors) -> httpx.Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * (1024 * 1024)

    key = {"authorization": f"Bearer {doors.key}"}
    return await doors.gateway.client.post(PATH, content=pieces(), headers={**FHIR, **key})


async def store_away(doors: Doors) -> httpx.Response:
    """The registry is known; then the folder of the database is gone."""
    await doors.gateway.post(polling(), doors.key)
    folder = Path(str(doors.gateway.database.url.database)).parent
    return await without_store(doors, folder, lambda: doors.gateway.post(fresh(CLAIM), doors.key))


async def late_answer(doors: Doors) -> httpx.Response:
    return await doors.gateway.post(deferred(fresh(CLAIM)), doors.keys[FALCON])


def amount(text: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b'"value": 300.00', b'"value": ' + text, 1)


COMMIT: dict[str, Commit] = {
    # the door
    "another path": calling("POST", "/fhir/Claim"),
    "another method on the operation": calling("GET", PATH),
    "query parameters": calling("POST", PATH + "?async=true"),
    "no content type": sending(lambda raw: raw, content_type=""),
    "another content type": sending(lambda raw: raw, content_type="application/xml"),
    "another character set": sending(
        lambda raw: raw, content_type="application/fhir+json; charset=windows-1256"
    ),
    "another version of FHIR": sending(
        lambda raw: raw, content_type="application/fhir+json; fhirVersion=5.0"
    ),
    "a compressed body": sending(gzip.compress, content_encoding="gzip"),
    "an answer in another format is wanted": sending(lambda raw: raw, accept="application/xml"),
    "another format is named in the address": calling("POST", PATH + "?_format=xml"),
    "an answer at another time is wanted": sending(lambda raw: raw, prefer="return=minimal, respond-async"),
    "11 MB, announced": sending(b" " * ELEVEN_MB),
    "11 MB, in chunks": in_chunks,
    "the store is away": store_away,
    # who calls
    "no credential": keyed(lambda _: None),
    "a key that is none": keyed(lambda _: "ABC"),
    "an unknown key": keyed(lambda _: new_key()),
    "an expired key": keyed(lambda doors: doors.expired),
    "a revoked key": keyed(lambda doors: doors.revoked),
    "the sender is not the caller": keyed(lambda doors: doors.keys[CLINIC]),
    "the sender is blocked": sending(sender(BLOCKED), who=BLOCKED),
    "the sender may not send the event": sending(sender(LIMITED), who=LIMITED),
    "a provider sends an insurer's event": sending(event("claim-response")),
    "a provider polls for another": poll(who=CLINIC),
    # the text
    "an empty body": sending(b""),
    "not JSON": sending(b"<Bundle/>"),
    "not UTF-8": sending(lambda raw: raw.replace(b"Rakan", b"R\xe4kan", 1)),
    "a byte order mark": sending(lambda raw: b"\xef\xbb\xbf" + raw),
    "NUL, as a byte": sending(lambda raw: raw.replace(b"Rakan", b"Ra\0kan", 1)),
    "NUL, escaped": sending(lambda raw: raw.replace(b"Rakan", b"Ra\\u0000kan", 1)),
    "a key twice": sending(lambda raw: raw.replace(b'"type"', b'"id": "x", "type"', 1)),
    "1E+999999999": sending(amount(b"1E+999999999")),
    "nested deeper than 100 levels": sending(b"[" * 200 + b"]" * 200),
    "null for an element": sending(focal(lambda claim: claim.update(status=None))),
    # the frame
    "not a Bundle": sending(b'{"resourceType": "Patient"}'),
    "an empty Bundle": sending(b'{"resourceType": "Bundle", "type": "message", "entry": []}'),
    "the header is not first": sending(tree(lambda bundle: bundle["entry"].reverse())),
    "two headers": sending(tree(second_header)),
    "another type of Bundle": sending(tree(lambda bundle: bundle.update(type="collection"))),
    "no Bundle.id": sending(tree(lambda bundle: bundle.pop("id"))),
    "no MessageHeader.id": sending(header(lambda head: head.pop("id"))),
    "no event": sending(header(lambda head: head.pop("eventCoding"))),
    "an unknown event": sending(event("claim")),
    "an event of another system": sending(
        header(lambda head: head["eventCoding"].update(system="http://nphies.com/fhir/message-events"))
    ),
    "a known event that is not offered": sending(event("prescriber-request")),
    "the sender cannot be read": sending(header(nameless)),
    "the receiver cannot be read": sending(header(unaddressed)),
    "an unknown receiver": sending(receiver("INS-9999")),
    "the receiver is a provider": sending(receiver("PR-1002", "provider")),
    "the receiver is blocked": sending(lambda raw: raw.replace(b"INS-2001", b"INS-2002")),
    "no focus": sending(header(lambda head: head.pop("focus"))),
    "the focus leads nowhere": sending(
        header(lambda head: head["focus"][0].update(reference="http://alwaha.example/fhir/Claim/1"))
    ),
    "two foci": sending(
        header(lambda head: head["focus"].append({"reference": "http://alwaha.example/fhir/Patient/51001"}))
    ),
    # the content
    "a reference leads nowhere": sending(
        focal(lambda claim: claim["patient"].update(reference="http://alwaha.example/fhir/Patient/1"))
    ),
    "Claim.use does not fit the event": sending(focal(lambda claim: claim.update(use="preauthorization"))),
    "an element that FHIR does not know": sending(focal(lambda claim: claim.update(mood="good"))),
    "a late answer about no claim": late_answer,
    # polls
    "a poll for 101 messages": poll(asking("count", valuePositiveInt=101)),
    "a poll with an unknown parameter": poll(asking("item", valueCode="claim-response")),
    "a poll that includes and excludes": poll(
        asking("include-message-type", valueCode="claim-response"),
        asking("exclude-message-type", valueCode="claim-response"),
    ),
    "a poll that is not addressed to the gateway": sending(receiver("INS-2001"), name="poll-request"),
    "a poll without its Task": sending(header(lambda head: head.pop("focus")), name="poll-request"),
    # names used before
    "a used Bundle.id with other content": twice(lambda raw: raw.replace(b"Rakan", b"Rayan")),
    "a used Bundle.id with another MessageHeader.id": twice(new_id_of("header")),
    "a used MessageHeader.id with another Bundle.id": twice(new_id_of("bundle")),
    "a used claim identifier with other content": twice(
        lambda raw: (
            renamed(raw).replace(b'"quantity": 1', b'"quantity": 2').replace(b"2026-03-09", b"2026-03-08")
        )
    ),
}
