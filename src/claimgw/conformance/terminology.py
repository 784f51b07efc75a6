"""Is this code in that value set: yes, no, or cannot it be told?

Big licensed lists are not shipped: of those, system and shape are known; a provider of codes may be asked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol

from claimgw.conformance.definitions import Definition, Definitions, marks
from claimgw.errors import ConfigurationError


class Answer(Enum):
    """`MISSHAPEN`: the list is known by the shape of its codes only, and the code has not that shape."""

    YES = "yes"
    NO = "no"
    MISSHAPEN = "misshapen"
    UNKNOWN = "unknown"


class CodeProvider(Protocol):
    """Where big code lists come from. None: it does not know that system, whatever the code."""

    def has(self, system: str, code: str) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class _System:
    """`complete`: `codes` are all there are. `whole`: each of its codes belongs to the value set."""

    complete: bool
    codes: frozenset[str]
    shape: Callable[[str], Any] | None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ValueSet:
    """`open_systems` are taken whole and not wholly known here; `complete`: nothing else belongs to it."""

    url: str
    complete: bool
    members: frozenset[tuple[str, str]]
    codes: frozenset[str]
    open_systems: Mapping[str, _System]
    systems: frozenset[str]
    provider: CodeProvider | None

    def has(self, system: str | None, code: str | None) -> Answer:
        """Of a coding; a bare code is asked for by `has_code`."""
        if system is None or code is None:
            return Answer.NO
        if (system, code) in self.members:
            return Answer.YES
        if (listed := self.open_systems.get(system)) is not None:
            return self._look_up(listed, system, code)
        return Answer.UNKNOWN if not self.complete and not self.systems else Answer.NO

    def has_code(self, code: str) -> Answer:
        """Of a code whose system is that of its element."""
        if code in self.codes:
            return Answer.YES
        if not self.open_systems:
            return Answer.NO if self.complete else Answer.UNKNOWN
        return _best({self._look_up(listed, system, code) for system, listed in self.open_systems.items()})

    def _look_up(self, listed: _System, system: str, code: str) -> Answer:
        known = self.provider.has(system, code) if self.provider else None
        if known is not None and (listed.whole or not known):
            return Answer.YES if known else Answer.NO
        if listed.shape is not None and not listed.shape(code):
            return Answer.MISSHAPEN
        return Answer.UNKNOWN


class Terminology:
    """The value sets of the packages, each expanded when first asked for."""

    def __init__(self, definitions: Definitions, provider: CodeProvider | None = None) -> None:
        self._definitions = definitions
        self._provider = provider
        self._sets: dict[tuple[str, str], ValueSet] = {}
        self._half: dict[str, _System] | None = None

    def value_set(self, canonical: str, near: str = "") -> ValueSet:
        """Raises ConfigurationError if there is none, or it holds what cannot be honoured."""
        found = self._sets.get((canonical, near))
        if found is None:
            found = self._sets[canonical, near] = self._expand(canonical, near)
        return found

    def _expand(self, canonical: str, near: str) -> ValueSet:
        located = self._definitions.find("ValueSet", canonical, near)
        if located is None:
            raise ConfigurationError(f"there is no value set {canonical}")
        definition, package = located
        members: set[tuple[str, str]] = set()
        open_: dict[str, _System] = {}
        compose = definition.get("compose", {})
        if "exclude" in compose:
            raise ConfigurationError(f"value set {canonical}: exclude is not supported")
        for include in compose.get("include", ()):
            if unknown := include.keys() - {"system", "concept", "valueSet", "version"}:
                raise ConfigurationError(f"value set {canonical}: include.{min(unknown)} is not supported")
            for inner in include.get("valueSet", ()):
                nested = self.value_set(inner, package.name)
                members |= nested.members
                open_ |= nested.open_systems
            if "concept" in include:
                members |= {(include["system"], concept["code"]) for concept in include["concept"]}
            elif "system" in include:
                system = self._system(include["system"], package.name)
                members |= {(include["system"], code) for code in system.codes}
                if not system.complete:
                    open_[include["system"]] = system
        incomplete = any(marks(definition, "incomplete"))
        return ValueSet(
            url=canonical,
            complete=not incomplete and all(map(self._is_provided, open_)),
            members=frozenset(members),
            codes=frozenset(code for _, code in members),
            open_systems=open_ | (self._half_known(members, open_, package.name) if incomplete else {}),
            systems=frozenset(system for system, _ in members).union(open_),
            provider=self._provider,
        )

    def _half_known(
        self, members: set[tuple[str, str]], open_: Mapping[str, _System], near: str
    ) -> dict[str, _System]:
        """Systems an incomplete set lists some codes of: others of theirs may belong to it."""
        return {
            system: replace(self._system(system, near), whole=False)
            for system in {system for system, _ in members} - open_.keys()
        }

    def lacks(self, system: str, code: str) -> bool:
        """Whether the code is of a list that is not wholly known here, and so cannot be checked."""
        if self._half is None:
            urls = {definition["url"] for definition, _ in self._definitions.all("CodeSystem")}
            listed = {url: self._system(url, "") for url in urls if not self._is_provided(url)}
            self._half = {url: one for url, one in listed.items() if not one.complete}
        found = self._half.get(system)
        return (
            found is not None and code not in found.codes and (found.shape is None or bool(found.shape(code)))
        )

    def _is_provided(self, system: str) -> bool:
        return self._provider is not None and self._provider.has(system, "") is not None

    def _system(self, url: str, near: str) -> _System:
        if self._is_provided(url):
            # Its provider is asked, of the codes that are known here too.
            return _System(False, frozenset(), None)
        located = self._definitions.find("CodeSystem", url, near)
        if located is None:
            return _System(False, frozenset(), None)
        definition = located[0]
        shape = next(marks(definition, "code-shape"), None)
        return _System(
            definition.get("content") == "complete",
            frozenset(_codes(definition)),
            re.compile(shape).fullmatch if shape else None,
        )


def _codes(holder: Definition) -> list[str]:
    found: list[str] = []
    waiting = list(holder.get("concept", ()))
    while waiting:
        concept = waiting.pop()
        found.append(concept["code"])
        waiting += concept.get("concept", ())
    return found


def answer(value_set: ValueSet, value: Any) -> Answer:
    """Of a code, a Coding or a CodeableConcept as it stands in a message, of whatever form.

    A concept is in the set if one of its codings is; text alone is not.
    """
    if isinstance(value, str):
        return value_set.has_code(value)
    if not isinstance(value, dict):
        return Answer.NO
    if "coding" not in value:
        return _coding(value_set, value)
    codings = value["coding"]
    if not isinstance(codings, list):
        return Answer.UNKNOWN  # another fault
    return _best({_coding(value_set, one) for one in codings if isinstance(one, dict)})


def _best(answers: set[Answer]) -> Answer:
    return next((one for one in (Answer.YES, Answer.UNKNOWN, Answer.MISSHAPEN) if one in answers), Answer.NO)


def _coding(value_set: ValueSet, coding: Mapping[str, Any]) -> Answer:
    system, code = coding.get("system"), coding.get("code")
    return value_set.has(system if isinstance(system, str) else None, code if isinstance(code, str) else None)
