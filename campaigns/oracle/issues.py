"""What did the HL7 validator say, and where? Its issues with places as the mutator writes them."""

import re
from dataclasses import dataclass
from typing import Any

# A constraint that is not kept, the one message whose id is its text. In both forms the validator has.
_RULE = re.compile(r"(?:Rule|Constraint failed:?) ([\w-]+): ")
_REMARK = re.compile(r"/\*.*?\*/")
_TYPE = re.compile(r"\.ofType\(\w+\)")
_WORDS = re.compile(r"[A-Za-z]+")
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Issue:
    """`id` is the validator's name for the message, `key` that of the constraint that is broken, or ""."""

    severity: str
    place: str
    id: str
    key: str
    text: str

    @property
    def error(self) -> bool:
        return self.severity in ("fatal", "error")


def issue(raw: dict[str, Any]) -> Issue:
    text = raw["text"]
    rule = _RULE.match(text)
    key = rule[1] if rule else ""
    return Issue(raw["severity"], place(raw.get("place") or ""), _id(raw.get("id"), text, key), key, text)


def _id(given: str | None, text: str, key: str) -> str:
    """Some messages have their own text as id: then its first words, without what is quoted, stand for it."""
    if key:
        return "Constraint"
    if given and " " not in given:
        return given
    plain = re.sub(r"'.*?'|\"\S*?\"|\S*\d\S*|http\S*", " ", text)
    return " ".join(_WORDS.findall(plain)[:_MOST_WORDS])


def place(said: str) -> str:
    """`Bundle.entry[1].resource/*Claim/1*/.item[0].serviced.ofType(date)` is `…resource.item[0].serviced`."""
    return _TYPE.sub("", _REMARK.sub("", said)).rstrip("./")
