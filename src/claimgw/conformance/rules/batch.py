"""Do the messages of a batch belong together: one sender, one receiver, claims of one batch (spec §6.4)?"""

from collections.abc import Iterator
from typing import Any

from claimgw.conformance.case import Case, extensions_at, items_at, object_at, place
from claimgw.messages.envelope import Entry, Envelope, inner
from claimgw.messages.findings import Finding


def size(case: Case) -> Iterator[Finding]:
    """BV-00373: so many messages at most, and the header beside them."""
    if _is_batch(case) and len(items_at(case.envelope.bundle, "entry")) > case.batch_size + 1:
        yield Finding(
            "BV-00373",
            "bundle.entry",
            f"The batch holds more than {case.batch_size} messages",
            "Spread them over several batches",
        )


def members(case: Case) -> Iterator[Finding]:
    """BV-00237: after the header, a batch holds messages only."""
    if not _is_batch(case):
        return
    for entry in case.envelope.entries[1:]:
        if isinstance(inner(entry.resource), Finding):
            yield Finding(
                "BV-00237",
                place(entry),
                "This entry of the batch is no message",
                "Let it be a Bundle that begins with a MessageHeader",
            )


def headers(case: Case) -> Iterator[Finding]:
    """BV-00227, BV-00238, BV-00383: each message is a claim from the sender of the batch to its receiver."""
    for here, message in _messages(case):
        for code, element, given, wanted, title in (
            ("BV-00227", "sender", message.sender, case.envelope.sender, "sender"),
            ("BV-00238", "destination[0].receiver", message.receiver, case.envelope.receiver, "receiver"),
        ):
            if given is not None and wanted is not None and given != wanted:
                yield Finding(
                    code,
                    f"{here}.entry[0].resource.{element}",
                    f"The message has another {title} than the batch",
                    "Let both be one, or send the message by itself",
                )
        if message.event is not None and message.event.code != "claim-request":
            yield Finding(
                "BV-00383",
                f"{here}.entry[0].resource.event",
                "The message is no claim request",
                "Only claims are sent in batches",
            )


def numbers(case: Case) -> Iterator[Finding]:
    """BV-00385, BV-00452: each claim has a number of its own in the batch."""
    seen: set[int] = set()
    for here, claim in _claims(case):
        number = mark(claim, "number", "valuePositiveInt")
        if number is None:
            yield Finding(
                "BV-00452",
                f"{here}.extension",
                "The claim has no number in the batch",
                "Add the extension batch-number",
            )
        elif isinstance(number[1], int):
            if number[1] in seen:
                yield Finding(
                    "BV-00385",
                    f"{here}.extension[{number[0]}].value",
                    "Two claims of the batch have the same number",
                    "Number the claims of a batch one by one",
                )
            seen.add(number[1])


def marks(case: Case) -> Iterator[Finding]:
    """BV-00451, BV-00421: all claims name the same batch and the same period."""
    for code, name, key in (
        ("BV-00451", "identifier", "valueIdentifier"),
        ("BV-00421", "period", "valuePeriod"),
    ):
        first: Any = None
        for here, claim in _claims(case):
            given = mark(claim, name, key)
            if given is None:
                yield Finding(
                    code,
                    f"{here}.extension",
                    f"The claim does not name the {name} of its batch",
                    f"Add the extension batch-{name}",
                )
                continue
            first = given[1] if first is None else first
            if given[1] != first:
                yield Finding(
                    code,
                    f"{here}.extension[{given[0]}].value",
                    f"The claim names another batch {name} than the first",
                    "Let all claims of the batch name the same",
                )


def _is_batch(case: Case) -> bool:
    return case.event == "batch-request"


def _messages(case: Case) -> Iterator[tuple[str, Envelope]]:
    """Each message of the batch, with its place counted from the batch: two of them are compared."""
    for entry in case.envelope.entries[1:] if _is_batch(case) else ():
        if not isinstance(message := inner(entry.resource), Finding):
            yield place(entry), message


def _claims(case: Case) -> Iterator[tuple[str, Entry]]:
    for here, message in _messages(case):
        claim = message.focal
        if claim is not None and claim.type == "Claim":
            yield f"{here}.entry[{claim.index}].resource", claim


def mark(claim: Entry, name: str, key: str) -> tuple[int, Any] | None:
    """Index and value of a batch extension; of an object, what it means and no more."""
    for index, extension in extensions_at(claim.resource, f"batch-{name}"):
        value = object_at(extension, key)
        if value is not None:
            return index, tuple(value.get(part) for part in ("system", "value", "start", "end"))
        if key in extension:
            return index, extension[key]
    return None
