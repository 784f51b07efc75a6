"""Which bytes of a message are those of the resources in its entries?"""

from collections.abc import Iterator

import msgspec

_NOTHING = msgspec.Raw(b"")


class _Message(msgspec.Struct):
    entry: list[msgspec.Raw]


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = _NOTHING


_messages = msgspec.json.Decoder(_Message)
_entries = msgspec.json.Decoder(_Entry)


def resource_texts(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The index of each entry that has a resource, and its bytes as they stand there; one by one, as asked.

    `raw` must have been read as a message before.
    """
    for index, entry in enumerate(_messages.decode(raw).entry):
        if bytes(memoryview(entry)[:1]) == b"{":
            text = bytes(_entries.decode(entry).resource)
            if text:
                yield index, text
