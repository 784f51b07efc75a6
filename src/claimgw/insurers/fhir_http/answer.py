"""What came back? The body under a cap, and how long the insurer asks to wait."""

import re
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DELTA_SECONDS = re.compile(r"-?[0-9]{1,10}")


class Body:
    """The body of one answer, decoded while it arrives; neither coded nor in plain does it pass the cap."""

    def __init__(self, coding: str, cap: int) -> None:
        """`coding` is the Content-Encoding header; what is not gzip or deflate stays as it came."""
        self._coding = coding.strip().lower()
        self._coded = self._coding in {"gzip", "x-gzip", "deflate"}
        self._cap = cap
        self._inflater: zlib._Decompress | None = None
        self._wire = bytearray()
        self._plain = bytearray()

    def add(self, piece: bytes) -> bool:
        """Take the next piece. False: the cap is passed, reading must stop."""
        self._wire += piece
        if self._coded and len(self._wire) >= 2:
            self._inflate(piece)
        return len(self._wire) <= self._cap and len(self._plain) <= self._cap

    def whole(self) -> bytes:
        """The body in plain; what came on the wire if its coding is unknown, damaged or incomplete."""
        inflater = self._inflater
        if self._coded and inflater is not None and inflater.eof and not inflater.unused_data:
            return bytes(self._plain)
        return bytes(self._wire)

    def _inflate(self, piece: bytes) -> None:
        if self._inflater is None:
            self._inflater = zlib.decompressobj(_window(self._coding, self._wire))
            piece = bytes(self._wire)
        try:
            # One byte past the cap at most: what a bomb holds beyond it is never unpacked.
            self._plain += self._inflater.decompress(piece, self._cap + 1 - len(self._plain))
        except zlib.error:
            self._coded = False
            self._plain.clear()


def _window(coding: str, start: bytearray) -> int:
    if coding != "deflate":
        return 16 + zlib.MAX_WBITS
    # RFC 9110 §8.4.1.2 means the zlib format, some servers send the bare stream: RFC 1950 §2.2 tells.
    is_zlib = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 §10.2.3): 0 for a time gone by, None for junk."""
    if value is None:
        return None
    value = value.strip()
    if _DELTA_SECONDS.fullmatch(value):
        return max(0.0, float(value))
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    # "-0000" gives a naive time; HTTP knows no zone but GMT.
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
