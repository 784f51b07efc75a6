"""In which words is a fault told to people, and what are they to do about it?

`languages/en.json` is English; another file of the same shape is another language. `kinds` are texts and
hints for kinds of fault, whatever their code; `codes` those of single codes; `hints` a hint and the codes it
is for. The text of a constraint is the `human` of its definition; that of a rule in Python stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import msgspec

from claimgw.conformance.validator.faults import Kind
from claimgw.errors import ConfigurationError
from claimgw.messages.findings import Finding

_ENGLISH = Path(__file__).parent / "languages" / "en.json"
_CONSTRAINT = "constraint"


class Told(msgspec.Struct, frozen=True):
    """What is wrong, and what to do."""

    text: str
    hint: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    kinds: dict[str, Told] = {}
    codes: dict[str, Told] = {}
    hints: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one language."""

    kinds: Mapping[str, Told]
    codes: Mapping[str, Told]
    hints: Mapping[str, str]  # by code

    def fault(self, kind: Kind, code: str) -> Told:
        """Of a fault that the schema shows; English has words for every kind."""
        told = self.codes.get(code) or self.kinds[kind]
        # A code speaks of what is missing; where there is too much, the same words would mislead.
        hint = None if kind is Kind.SURPLUS else self.hints.get(code)
        return told if hint is None else Told(told.text, hint)

    def hint(self, code: str) -> str:
        """Of a constraint; the words for all of them if it has none of its own."""
        return self.hints.get(code) or self.kinds[_CONSTRAINT].hint

    def of(self, finding: Finding) -> Finding:
        """A finding that was made in English, in this language, so far as it has words for it."""
        told = self.codes.get(finding.code) or self.kinds.get(_kinds_in_english().get(finding.text, ""))
        if told is not None:
            return replace(finding, text=told.text, hint=told.hint)
        return replace(finding, hint=self.hints.get(finding.code, finding.hint))


def read_texts(file: Path) -> Texts:
    """Raises ConfigurationError if the file cannot be read, or has a kind that there is not."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as fault:
        raise ConfigurationError(f"{file} cannot be read as texts: {fault}") from fault
    unknown = found.kinds.keys() - {*Kind, _CONSTRAINT}
    if unknown:
        raise ConfigurationError(f"{file}: there is no kind {sorted(unknown)[0]}")
    hints = {code: hint for hint, codes in found.hints.items() for code in codes}
    return Texts(found.kinds, found.codes, hints)


@cache
def english() -> Texts:
    """Read when the first fault is found."""
    return read_texts(_ENGLISH)


@cache
def _kinds_in_english() -> Mapping[str, str]:
    return {told.text: kind for kind, told in english().kinds.items()}
