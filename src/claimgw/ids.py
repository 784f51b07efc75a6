"""Where do identifiers come from? New ones sort by time; derived ones are always the same."""

import secrets
import uuid
from datetime import datetime

_SPACE = uuid.UUID("7b0f3c52-3f0e-5d7a-9a51-0c1a1b9d4e21")


def least_id(at: datetime) -> str:
    """No id of `new_id` made at that moment or later sorts before this one."""
    milliseconds = max(0, int(at.timestamp() * 1000))
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62))


class _Sequence:
    """The last id given out: those of one millisecond keep their order, as a mailbox must."""

    last = 0


def new_id(at: datetime) -> str:
    """A UUID of version 7 (RFC 9562 §5.7, §6.2) in lower case: rows written together lie together."""
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    if _Sequence.last >> 80 == milliseconds:
        value = _Sequence.last + 1
    else:
        chance = secrets.randbits(73)
        value = milliseconds << 80 | 0x7 << 76 | chance >> 61 << 64 | 0b10 << 62 | chance & ((1 << 61) - 1)
    _Sequence.last = value
    # uuid.UUID says the same, at three times the cost.
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def derived_id(*parts: str) -> str:
    """The UUID that belongs to these parts, so that an answer can be rebuilt under the ids it had."""
    return str(uuid.uuid5(_SPACE, "\x1f".join(parts)))
