"""What is new to one listener? Server-sent events, from what it was told and what waits now."""

import hashlib
from collections.abc import Mapping

from claimgw.messages.encode import encode


class News:
    """For one stream. `last` is the Last-Event-ID of a caller that was here before; "" if there is none.

    The id of an event stands for all that had been told by then. Whoever comes back with it, and nothing has
    changed, is told nothing twice; in any other case all that waits is told.
    """

    def __init__(self, last: str = "") -> None:
        self._last = last
        self._told: dict[str, str] = {}

    def of(self, waiting: Mapping[str, str]) -> str:
        """The events due, as they are written; `waiting` is the newest message by provider."""
        if self._last and self._last == _digest(waiting):
            self._told = dict(waiting)
        self._last = ""
        # Whatever was polled is new when it waits again.
        self._told = {provider: newest for provider, newest in self._told.items() if provider in waiting}
        return "".join(
            self._event(provider, newest)
            for provider, newest in waiting.items()
            if self._told.get(provider) != newest
        )

    def _event(self, provider: str, newest: str) -> str:
        self._told[provider] = newest
        data = encode({"provider": provider, "waiting": True}).decode()
        return f"event: mailbox\nid: {_digest(self._told)}\ndata: {data}\n\n"


def _digest(told: Mapping[str, str]) -> str:
    return hashlib.blake2b(repr(sorted(told.items())).encode(), digest_size=16).hexdigest()
