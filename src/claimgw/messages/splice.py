"""How is a tag put into somebody else's message without touching another byte of it?"""

import re
from typing import Any

from claimgw.messages.encode import encode

# Strings as a whole, so that brackets inside them do not count.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)
_BLANK = b" \t\r\n"


def add_header_tag(raw: bytes, tag: dict[str, Any]) -> bytes:
    """The same message with one more `meta.tag` on its MessageHeader.

    `raw` must have been read as a message before: JSON, the first entry a MessageHeader, no key twice.
    """
    entry = _first(raw, _value(raw, _start(raw, 0), b"entry"))
    header = _value(raw, entry, b"resource")
    addition = encode(tag)
    meta = _find(raw, header, b"meta")
    if meta is None:
        return _insert_member(raw, header, b'"meta":{"tag":[' + addition + b"]}")
    tags = _find(raw, meta, b"tag")
    if tags is None:
        return _insert_member(raw, meta, b'"tag":[' + addition + b"]")
    inside = tags + 1
    empty = raw[_start(raw, inside) : _start(raw, inside) + 1] == b"]"
    return raw[:inside] + addition + (b"" if empty else b",") + raw[inside:]


def _insert_member(raw: bytes, at: int, member: bytes) -> bytes:
    """Put a member first into the object that opens at that place."""
    inside = at + 1
    empty = raw[_start(raw, inside) : _start(raw, inside) + 1] == b"}"
    return raw[:inside] + member + (b"" if empty else b",") + raw[inside:]


def _start(raw: bytes, at: int) -> int:
    while raw[at : at + 1] and raw[at] in _BLANK:
        at += 1
    return at


def _first(raw: bytes, array: int) -> int:
    return _start(raw, array + 1)


def _value(raw: bytes, at: int, key: bytes) -> int:
    """Where the value of that key starts, in the object that opens at `at`."""
    found = _find(raw, at, key)
    if found is None:
        raise ValueError(f"no {key.decode()} in the object; read the message before splicing into it")
    return found


def _find(raw: bytes, at: int, key: bytes) -> int | None:
    """As `_value`, None if the object has no such key. Keys with escapes are compared as they are written."""
    depth = 0
    expects_key = False
    tokens = _TOKEN.finditer(raw, at)
    for token in tokens:
        text = token.group()
        if text in b"{[":
            depth += 1
            expects_key = depth == 1
        elif text in b"}]":
            depth -= 1
            if depth == 0:
                return None
        elif depth == 1 and text == b",":
            expects_key = True
        elif depth == 1 and expects_key and text[:1] == b'"':
            expects_key = False
            if text[1:-1] == key:
                return _start(raw, next(tokens).end())
    return None
