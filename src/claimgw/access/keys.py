"""What is an API key, and what of it is kept?"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable

_BYTES = 32
_SHAPE = re.compile(r"cgw_[A-Za-z0-9_-]{43}", re.ASCII)


def new_key(random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A key to be shown once: "cgw_" and 43 characters that carry 256 random bits.

    The prefix lets scanners of repositories and logs find a key that got astray.
    """
    return "cgw_" + urlsafe_b64encode(random(_BYTES)).rstrip(b"=").decode()


def key_digest(key: str) -> bytes | None:
    """What is stored and looked up, 32 bytes; None if it does not have the shape of a key.

    A plain SHA-256 is right here, although it would be wrong for a password: slow, salted hashes make up
    for secrets that can be guessed, and among 2^256 nothing can be guessed or listed beforehand. So every
    request may pay a microsecond. Looking up the digest in a table leaks no more by its timing than how
    the digest of a wrong key compares, which tells nothing of a right one.
    """
    return hashlib.sha256(key.encode()).digest() if _SHAPE.fullmatch(key) else None
