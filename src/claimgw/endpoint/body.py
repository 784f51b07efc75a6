"""May this body come in, and can the answer be taken? Bytes under a limit, or a refusal."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from starlette.requests import ClientDisconnect, Request

from claimgw.clearinghouse.open import Refusal
from claimgw.messages.decode import LARGEST
from claimgw.messages.findings import Finding

NOTHING: Mapping[str, str] = MappingProxyType({})

FHIR_JSON = "application/fhir+json"
_TAKEN = {FHIR_JSON, "application/json", "application/json+fhir"}
# Of the mime type's parameter fhirVersion; without it R4 is meant, there is no other here.
_R4 = {"4.0", "4.0.1"}
_FORMATS = _TAKEN | {"json", "text/json"}


def unacceptable(request: Request, taken: Mapping[str, str] = NOTHING) -> Refusal | None:
    """What the head alone forbids (spec §9.1, §9.3).

    `taken`: the parameters there are beside `_format`, and their one value; "" for any.
    """
    return _unreadable(request) or unwanted(request) or _unknown(request, taken)


def unwanted(request: Request) -> Refusal | None:
    """Whether the caller wants its answer in a format, or at a time, that is not offered."""
    if "respond-async" in request.headers.get("prefer", "").lower():
        return _refusal(400, "Answers are not given later", "Leave Prefer: respond-async out, and poll")
    # In an address a plus sign means a blank.
    asked = request.scope["query_string"]
    if asked and (named := request.query_params.get("_format", "").lower().replace(" ", "+")):
        if named.partition(";")[0] not in _FORMATS:
            return _refusal(
                406, f"The answer would be {FHIR_JSON}, not what _format names", "Give _format=json"
            )
        return None
    accepted = request.headers.get("accept", "*/*")
    if not any(_is_json(one) for one in accepted.split(",")):
        return _refusal(406, f"The answer would be {FHIR_JSON}, which is not accepted", f"Accept {FHIR_JSON}")
    return None


def _unreadable(request: Request) -> Refusal | None:
    media, stated = _media(request.headers.get("content-type", ""))
    if media not in _TAKEN:
        return _refusal(415, f"The content type is not {FHIR_JSON}", f"Send Content-Type: {FHIR_JSON}")
    if stated.get("charset", "utf-8") not in ("utf-8", "utf8"):
        return _refusal(415, "The character set is not UTF-8", "Send the message in UTF-8")
    if stated.get("fhirversion", "4.0") not in _R4:
        return _refusal(
            415, "The content type names another version of FHIR", "Send FHIR R4, fhirVersion=4.0"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return _refusal(415, "The body is compressed", "Send it without Content-Encoding")
    return None


def _unknown(request: Request, taken: Mapping[str, str]) -> Refusal | None:
    if not request.scope["query_string"]:
        return None
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "_format"]
    if len(asked) == len(dict(asked)) and all(taken.get(name) in ("", value) for name, value in asked):
        return None
    known = " or ".join(f"{name}={value or '…'}" for name, value in taken.items())
    hint = f"Give {known}, or nothing" if taken else "Leave the query of the address out"
    return _refusal(400, "The operation does not take these parameters", hint)


def _is_json(accepted: str) -> bool:
    media, stated = _media(accepted)
    wanted = media in _TAKEN or media in ("*/*", "application/*")
    return (
        wanted
        and stated.get("fhirversion", "4.0") in _R4
        and not re.fullmatch("0(\\.0*)?", stated.get("q", "1"))
    )


@lru_cache(64)  # clients send the same ones for ever
def _media(header: str) -> tuple[str, Mapping[str, str]]:
    """The media type and its parameters, all in lower case."""
    media, *parameters = (part.strip() for part in header.lower().split(";"))
    stated = (parameter.partition("=") for parameter in parameters)
    return media, {name.strip(): value.strip().strip('"') for name, _, value in stated}


# Makes room for so many bytes; a Refusal if there is none.
Room = Callable[[int], Awaitable[Refusal | None]]


async def read_body(request: Request, small: int, make_room: Room) -> bytes | Refusal:
    """The whole body, given up as soon as it is too large. Room is made for one that is not `small`."""
    announced = request.headers.get("content-length", "")
    if (expected := int(announced) if announced.isdecimal() else 0) > LARGEST:
        return too_large()
    if expected > small and (refusal := await make_room(expected)):
        return refusal
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                return too_large()
            if size > max(small, expected):  # it was not announced
                expected = LARGEST
                if refusal := await make_room(expected):
                    return refusal
            parts.append(part)
    except ClientDisconnect:
        return _refusal(400, "The body broke off", "Send the same message again")
    return b"".join(parts)


def too_large() -> Refusal:
    finding = Finding(
        "BV-00076", "", "The message is larger than 10 MB", "Send fewer or smaller attachments in one message"
    )
    return Refusal(413, (finding,))


def _refusal(status: int, text: str, hint: str) -> Refusal:
    return Refusal(status, (Finding("GE-00016", "", text, hint),))
