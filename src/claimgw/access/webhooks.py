"""How does a provider know that a notice is ours? A secret it was given, and a signature made with it.

As the Standard Webhooks specification says, so that its libraries can check it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address

import httpx

_PREFIX = "whsec_"
_BYTES = range(24, 65)


def new_secret(random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A secret to be shown once: "whsec_" and base64 of 256 random bits."""
    return _PREFIX + base64.b64encode(random(32)).decode()


def check_secret(secret: str) -> None:
    """Raises ValueError, without the secret."""
    try:
        known = secret.startswith(_PREFIX) and len(_key(secret)) in _BYTES
    except (binascii.Error, ValueError):
        known = False
    if not known:
        raise ValueError(f"webhook_secret: {_PREFIX} and base64 of 24 to 64 bytes")


def check_address(address: str) -> None:
    """Raises ValueError for what may not be called: https only, and http on this machine."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not url.host or url.userinfo or url.fragment or not address.isascii() or len(address) > 500:
        raise ValueError("webhook: a URL of at most 500 characters, without user, password and fragment")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise ValueError("webhook: the URL begins with https://; http:// is for this machine only")


def signed(secret: str, notice: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a notice with that id, sent at that moment."""
    seconds = str(int(at.timestamp()))
    content = b".".join((notice.encode(), seconds.encode(), body))
    signature = base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()
    return {"webhook-id": notice, "webhook-timestamp": seconds, "webhook-signature": f"v1,{signature}"}


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
