"""Is a narrative's text the XHTML that FHIR allows? (txt-1, txt-2: formatting only, something to read.)

Not by `html.parser`: on comments that do not end it takes the square of the length.
"""

import re
from typing import Any

_ALLOWED = re.compile(
    "a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]|hr|i|img|kbd|li"
    "|map|area|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var"
)
_TAG = re.compile(
    r"""<(?P<closes>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?:\s+[\w:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)"""
    r"\s*(?P<empty>/?)>"
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*["']\s*([a-z]*:?)""", re.IGNORECASE)
_SCHEMES = frozenset({"javascript:", "vbscript:"})


def sound(text: Any) -> bool | None:
    """One `div` of allowed elements, closed in order, without scripts, that says something."""
    if type(text) is not str:
        return None
    open_: list[str] = []
    place, says_something = 0, False
    text = text.strip()
    while place < len(text):
        if text.startswith("<!--", place):
            end = text.find("-->", place + 4) + 3
        elif text[place] == "<":
            end = _tag_end(text, place, open_)
            says_something |= text.startswith("<img", place)
        else:
            end = text.find("<", place)
            says_something |= not text[place:end].isspace()
        # Nothing stands after the div, and nothing is left unfinished.
        if end <= place or (not open_ and end < len(text)):
            return False
        place = end
    return says_something and not open_


def _tag_end(text: str, place: int, open_: list[str]) -> int:
    tag = _TAG.match(text, place)
    return tag.end() if tag is not None and _follows(tag, open_, place) else -1


def _follows(tag: re.Match[str], open_: list[str], place: int) -> bool:
    """Whether the tag may stand there; it is added to what is open, or closes it."""
    name = tag["name"]
    if tag["closes"]:
        return bool(open_) and open_.pop() == name
    if _ALLOWED.fullmatch(name) is None or (not open_ and (name != "div" or place > 0)):
        return False
    if not tag["empty"]:
        open_.append(name)
    found = _ATTRIBUTE.findall(tag["attributes"])
    return not any(key.lower().startswith("on") or value.lower() in _SCHEMES for key, value in found)
