"""Which schema is a resource judged by? That of the profile it declares; else that of its type."""

import gc
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from claimgw.conformance.compiler.compiler import Compiler
from claimgw.conformance.compiler.schema import Structure
from claimgw.conformance.compiler.sources import Sources
from claimgw.conformance.definitions import Definitions, shipped
from claimgw.conformance.profiles import accepted, canonical
from claimgw.conformance.terminology import Answer, CodeProvider, Terminology, answer
from claimgw.conformance.validator.accept import Acceptance
from claimgw.errors import ConfigurationError

# Constraints that rules in Python stand for, with the same code at the same place.
_WRITTEN_WORDS = """
BV-00071 BV-00126 BV-00129 BV-00130 BV-00168 BV-00177 BV-00201 BV-00207 BV-00211 BV-00216 BV-00218
BV-00219 BV-00221 BV-00225 BV-00247 BV-00248 BV-00341 BV-00389 BV-00456 BV-00467 BV-00471 BV-00644
BV-00867 BV-00874 DT-01301 DT-01304 FR-00007 FR-00008 FR-00019 FR-00021 FR-00022 FR-00023 FR-00024 GE-00028
IB-00293 IB-00294 IC-00398 IC-00401
"""
WRITTEN = frozenset(_WRITTEN_WORDS.split())


class Schemas:
    """The profiles of some packages, compiled when first asked for."""

    def __init__(self, definitions: Definitions, provider: CodeProvider | None = None) -> None:
        self.definitions = definitions
        self.provider = provider
        self.terminology = Terminology(definitions, provider)
        self.accepted = accepted(definitions)
        self._compiler = Compiler(Sources(definitions, self.terminology, WRITTEN))
        self.structure = self._compiler.structure
        self.acceptance = Acceptance(self.structure, self.member_of)
        self._without_profile: dict[str, Structure] = {}

    def member_of(self, value: Any, canonical: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept is in a value set; None if it cannot be told."""
        try:
            told = answer(self.terminology.value_set(canonical), value)
        except ConfigurationError:
            return None
        return None if told is Answer.UNKNOWN else told is Answer.YES

    def of_resource(self, resource: Mapping[str, Any], type_: str) -> Structure:
        """The first profile that is declared, known, and of that type.

        One that declares none is judged by its type alone, and by what its profiles say of `meta`.
        """
        meta = resource.get("meta")
        declared = meta.get("profile") if isinstance(meta, dict) else None
        for one in declared if isinstance(declared, list) else ():
            if isinstance(one, str):
                found = self._compiler.profile(one, type_)
                if found is not None:
                    return found
        # Of a Bundle, a rule says it.
        return self.structure(type_) if declared or type_ == "Bundle" else self._undeclared(type_)

    def compile(self) -> None:
        """Compile whatever a message may declare now: about a second, once.

        The garbage collector rests meanwhile: what is made stays, and to look at it takes half a second more.
        """
        collecting = gc.isenabled()
        gc.disable()
        try:
            for type_, canonicals in self.accepted.items():
                for one in sorted(canonicals):
                    self._compiler.profile(one, type_)
        finally:
            if collecting:
                gc.enable()

    def honour(self, packages: Collection[str]) -> None:
        """Compile the profiles of these packages now, whether or not a message ever declares them.

        Raises ConfigurationError for a definition that cannot be honoured.
        """
        for definition, package in self.definitions.all("StructureDefinition"):
            if package.name not in packages or definition.get("derivation") == "specialization":
                continue
            try:
                self._compiler.profile(canonical(definition), definition["type"])
            except ConfigurationError as fault:
                raise ConfigurationError(f"{package.folder}: {definition['url']}: {fault}") from fault
            except (LookupError, TypeError, ValueError, AttributeError) as fault:
                # What FHIR requires of a StructureDefinition is not there, or has another form.
                raise ConfigurationError(
                    f"{package.folder}: {definition['url']} is no StructureDefinition of FHIR R4:"
                    f" {type(fault).__name__}: {fault}"
                ) from fault

    def _undeclared(self, type_: str) -> Structure:
        found = self._without_profile.get(type_)
        if found is None:
            plain = self.structure(type_)
            known = (self._compiler.profile(one, type_) for one in sorted(self.accepted.get(type_, ())))
            profile = next(filter(None, known), None)
            if profile is not None:
                meta = profile.elements["meta"]
                required = (*plain.required, *(one for one in profile.required if one is meta))
                plain = replace(plain, elements={**plain.elements, "meta": meta}, required=required)
            found = self._without_profile[type_] = plain
        return found


@cache
def standard() -> Schemas:
    """Those of the packages that come with claimgw."""
    return Schemas(shipped())
