"""Which structure is compiled from a profile, or from base FHIR alone?"""

from claimgw.conformance.compiler.build import Build
from claimgw.conformance.compiler.differential import tree
from claimgw.conformance.compiler.schema import Structure
from claimgw.conformance.compiler.sources import Sources


class Compiler:
    """Each structure is built when first asked for, and kept.

    Raises ConfigurationError for a definition that cannot be honoured.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._structures: dict[str, Structure] = {}
        self._profiles: dict[str, Structure] = {}

    def structure(self, name: str) -> Structure:
        """A type as base FHIR and what holds everywhere make it."""
        found = self._structures.get(name)
        if found is None:
            found = self._structures[name] = Build(self._sources, name, "").structure(name, [], "")
        return found

    def profile(self, canonical: str, type_: str) -> Structure | None:
        """The profile of that type by its address with version; None if there is none."""
        found = self._profiles.get(canonical)
        if found is None and (found := self._compiled(canonical, type_)) is not None:
            # What is unknown is not kept: messages may name anything.
            self._profiles[canonical] = found
        return found if found is not None and found.name == type_ else None

    def _compiled(self, canonical: str, type_: str) -> Structure | None:
        located = self._sources.definitions.find("StructureDefinition", canonical)
        if located is None or located[0]["type"] != type_:
            return None
        definition, package = located
        return Build(self._sources, type_, package.name).structure(
            type_, [tree(self._sources.layers(definition, package.name))], definition["url"]
        )
