"""How are whole HTTP/1.1 messages told apart on a connection? By their lengths, at both ends."""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class Whole:
    """Collects what comes in until a head with its body is there. Bodies have a length, or none follows."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body = 0
        self._end = 0

    def add(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Head and body once both are whole. Nobody sends the next message before that."""
        self._buffer += data
        if not self._end:
            found = self._buffer.find(_END)
            if found < 0:
                return None
            length = _LENGTH.search(self._buffer, 0, found + 2)
            self._body = found + len(_END)
            self._end = self._body + (int(length[1]) if length else 0)
        if len(self._buffer) < self._end:
            return None
        whole = bytes(self._buffer)
        body, end = self._body, self._end
        self._buffer.clear()
        self._body = self._end = 0
        return whole[:body], whole[body:end]
