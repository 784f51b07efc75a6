"""Is a narrative's text the XHTML that FHIR allows? (txt-1, txt-2: formatting only, something to read.)"""

import re
from html.parser import HTMLParser
from typing import Any

_ALLOWED = re.compile(
    "a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]|hr|i|img|kbd|li"
    "|map|area|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var"
)
_EMPTY = frozenset({"area", "br", "col", "hr", "img"})
_SCHEMES = ("javascript:", "vbscript:")


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sound = True
        self.says_something = False
        self._open: list[str] = []
        self._closed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sound &= (
            _ALLOWED.fullmatch(tag) is not None and not self._closed and (bool(self._open) or tag == "div")
        )
        for name, value in attrs:
            self.sound &= not name.startswith("on") and not (value or "").strip().lower().startswith(_SCHEMES)
        self.says_something |= tag == "img"
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        self.sound &= bool(self._open) and self._open[-1] == tag
        del self._open[-1:]
        self._closed = not self._open

    def handle_data(self, data: str) -> None:
        said = bool(data.strip())
        self.says_something |= said
        self.sound &= bool(self._open) or not said

    def handle_decl(self, decl: str) -> None:
        self.sound = False

    def handle_pi(self, data: str) -> None:
        self.sound = False

    def whole(self) -> bool:
        return self.sound and self.says_something and self._closed


def sound(text: Any) -> bool | None:
    """One `div` of allowed elements, closed in order, without scripts, that says something."""
    if type(text) is not str:
        return None
    reading = _Reading()
    reading.feed(text)
    reading.close()
    return reading.whole()
