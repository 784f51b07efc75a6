"""What do the definitions hold that a profile is built from?"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from claimgw.conformance.compiler.differential import Node, applies_everywhere, tree
from claimgw.conformance.compiler.schema import Binding, Code, Constraint, Structure
from claimgw.conformance.definitions import CORE, Definition, Definitions, marks
from claimgw.conformance.fhirpath import CannotCompile, Compiled, compile_expression
from claimgw.conformance.profiles import built_on
from claimgw.conformance.terminology import Terminology
from claimgw.errors import ConfigurationError

# Type, profile, the package that asks, the resource it stands in, and codes for faults of a value inside.
FormKey: TypeAlias = tuple[str, str, str, str | None, frozenset[tuple[str, Code]]]


class Sources:
    """The packages, their value sets and their constraints.

    `written` are the keys of constraints that rules in Python stand for. Raises ConfigurationError for what
    cannot be honoured.
    """

    def __init__(self, definitions: Definitions, terminology: Terminology, written: frozenset[str]) -> None:
        self.definitions = definitions
        self._terminology = terminology
        self._written = written
        self._expressions: dict[tuple[str, str, str | None], Compiled] = {}
        self._trees: dict[tuple[str, str], Node] = {}
        # Data types and extensions as profiles make them: the same ones stand in many elements.
        self.forms: dict[FormKey, Structure] = {}
        self._built_on = built_on(definitions)
        self._everywhere = {
            definition["type"]: tree([definition])
            for definition, _ in definitions.all("StructureDefinition")
            if applies_everywhere(definition)
        }

    def layers(self, definition: Definition, near: str) -> list[Definition]:
        """The definition and those it is based on, the most general first."""
        found = [definition]
        while not (parent := found[0].get("baseDefinition", CORE)).startswith(CORE):
            located = self.definitions.find("StructureDefinition", parent, near)
            if located is None or located[0] in found:
                raise ConfigurationError(f"{definition['url']}: its base {parent} is not known")
            found.insert(0, located[0])
        return found

    def everywhere(self, type_: str) -> Node | None:
        return self._everywhere.get(type_)

    def type_tree(self, canonical: str, near: str) -> Node:
        """What a profile of a data type or extension says, with those it is based on; to be read only."""
        found = self._trees.get((canonical, near))
        if found is None:
            layers = self.layers(self.type_profile(canonical, near), near)
            found = self._trees[canonical, near] = tree(layers)
        return found

    def type_profile(self, canonical: str, near: str) -> Definition:
        located = self.definitions.find("StructureDefinition", canonical, near)
        if located is None:
            raise ConfigurationError(f"there is no profile {canonical}, which another one names")
        return located[0]

    def targets(self, canonicals: Iterable[str], near: str) -> Mapping[str, frozenset[str]]:
        """Type to profiles; of base FHIR's types any profile will do, and of `Resource` anything.

        A profile built on one of them will do too, in the version it is built in: who keeps it keeps both.
        """
        found: dict[str, frozenset[str]] = {}
        for canonical in canonicals:
            if canonical == CORE + "Resource":
                return {}
            if canonical.startswith(CORE):
                found[canonical.removeprefix(CORE)] = frozenset()
                continue
            definition = self.type_profile(canonical, near)
            if found.get(definition["type"]) != frozenset():
                found[definition["type"]] = (
                    found.get(definition["type"], frozenset())
                    | {definition["url"]}
                    | self._built_on.get(definition["url"], frozenset())
                )
        return MappingProxyType(found)

    def binding(self, node: Node, near: str) -> Binding | None:
        given = node.word("binding")
        if given is None or given.get("strength") != "required":
            return None
        return Binding(self._terminology.value_set(given["valueSet"], near))

    def constraints(self, node: Node, type_: str, resource: str | None) -> tuple[Constraint, ...]:
        found: dict[str, Constraint] = {}
        for statement in node.says:
            for given in statement.says.get("constraint", ()):
                if given["key"] in self._written:
                    continue
                compiled = self._expression(given["expression"], type_, resource)
                place = next(marks(given, "finding-place"), "")
                found[given["key"]] = Constraint(
                    key=given["key"],
                    place=f".{place}" if place else "",
                    text=given["human"],
                    severity=given["severity"],
                    source=statement.source,
                    alone=compiled.alone,
                    holds=compiled.truth,
                )
        return tuple(found.values())

    def _expression(self, text: str, type_: str, resource: str | None) -> Compiled:
        key = (text, type_, resource)
        if key not in self._expressions:
            try:
                self._expressions[key] = compile_expression(text, type_, resource)
            except CannotCompile as fault:
                raise ConfigurationError(f"a constraint cannot be honoured: {fault}") from fault
        return self._expressions[key]
