"""May this body come in: its type, its size? Bytes under a limit, or a refusal."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import ClientDisconnect, Request

from claimgw.clearinghouse.open import Refusal
from claimgw.messages.decode import LARGEST
from claimgw.messages.findings import Finding

NOTHING: Mapping[str, str] = MappingProxyType({})

FHIR_JSON = "application/fhir+json"
_TAKEN = {FHIR_JSON, "application/json", "application/json+fhir"}


def unacceptable(request: Request, taken: Mapping[str, str] = NOTHING) -> Refusal | None:
    """What the head alone forbids (spec §9.1, §9.3).

    `taken`: the parameters there are, and their one value; "" for any.
    """
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    if media.strip() not in _TAKEN:
        return _refusal(415, f"The content type is not {FHIR_JSON}", f"Send Content-Type: {FHIR_JSON}")
    stated = (parameter.strip().partition("=") for parameter in parameters.split(";"))
    charsets = {value.strip('"') for name, _, value in stated if name == "charset"}
    if not charsets <= {"utf-8", "utf8"}:
        return _refusal(415, "The character set is not UTF-8", "Send the message in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return _refusal(415, "The body is compressed", "Send it without Content-Encoding")
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(media in accepted for media in (*_TAKEN, "*/*", "application/*")):
        return _refusal(406, f"The answer would be {FHIR_JSON}, which is not accepted", f"Accept {FHIR_JSON}")
    asked = request.query_params
    if len(asked) < len(asked.multi_items()) or not all(
        name in taken and taken[name] in ("", value) for name, value in asked.items()
    ):
        known = " or ".join(f"{name}={value or '…'}" for name, value in taken.items())
        hint = f"Give {known}, or nothing" if taken else "Leave the query of the address out"
        return _refusal(400, "The operation does not take these parameters", hint)
    return None


async def read_body(request: Request) -> bytes | Refusal:
    """The whole body, given up as soon as it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > LARGEST:
        return too_large()
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                return too_large()
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
