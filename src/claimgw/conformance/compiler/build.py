"""How are a profile, its bases, its data types and its extensions made into one structure?"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from claimgw.conformance import base
from claimgw.conformance.compiler.differential import Node, merged
from claimgw.conformance.compiler.schema import Choice, Code, Element, Limits, Slicing, Structure
from claimgw.conformance.compiler.sources import Sources
from claimgw.conformance.definitions import marks
from claimgw.errors import ConfigurationError

# Kinds of fault that a slice of extensions is given codes for and that are met at the value inside.
_OF_THE_VALUE = ("type", "binding", "reference", "length", "fixed")


class Build:
    """One profile in the making."""

    def __init__(self, sources: Sources, resource: str, near: str) -> None:
        self._sources = sources
        self._resource = resource if base.is_resource(resource) else None
        self._near = near

    def structure(
        self, name: str, nodes: list[Node], profile: str, value: Mapping[str, Code] | None = None
    ) -> Structure:
        """`nodes` are what profiles say of the type; `value`: codes for faults of `value[x]`."""
        node = merged([self._sources.everywhere(name), *nodes])
        plain = base.structure(name)
        left = set(node.children)
        elements: dict[str, Element] = {}
        for element in plain.elements.values():
            said = [
                key for key in (element.name, element.place, f"{element.place}[x]") if key in node.children
            ]
            left -= set(said)
            inner = merged([node.children[key] for key in dict.fromkeys(said)]) if said else None
            codes = value if value and element.place == "value" else None
            elements[element.name] = self._element(element, inner, codes)
        if left:
            raise ConfigurationError(f"{profile or name}: {name} has no element {min(left)}")
        sliced = tuple(one for one in elements.values() if _requires_slices(one))
        return Structure(
            name,
            elements,
            # An array that lacks a slice is reported as that.
            tuple(one for one in elements.values() if one.required and one not in sliced),
            tuple(self._choice(choice, node, value) for choice in plain.choices),
            self._sources.constraints(node, name, self._resource),
            sliced,
            profile,
        )

    def _choice(self, choice: Choice, node: Node, value: Mapping[str, Code] | None) -> Choice:
        said = node.children.get(f"{choice.place}[x]") or node.children.get(choice.place)
        if said is None:
            return choice
        types = {given["code"] for given in said.word("type") or ()}
        allowed = tuple(name for name in choice.names if _suffix(name, choice.place) in types)
        if len(allowed) < len(types):
            raise ConfigurationError(f"{said.source}: {choice.place}[x] cannot have all of {sorted(types)}")
        if said.word("max") == "0":
            allowed = ("",)
        return Choice(
            choice.place,
            choice.names,
            choice.required or bool(said.word("min")),
            allowed if types or allowed else (),
            "" if choice.required else said.source,
            said.errors() | dict(value or {} if choice.place == "value" else {}),
        )

    def _element(self, element: Element, node: Node | None, value: Mapping[str, Code] | None) -> Element:
        everywhere = self._sources.everywhere(element.type) if element.primitive else None
        node = merged([everywhere, node]) if everywhere or node else None
        if node is None and not value:
            return element
        node = node or Node()
        is_choice = element.place != element.name
        types = _types(node)
        if is_choice and types and _suffix(element.name, element.place) not in types:
            return element  # not allowed here: that is the fault, and the only one
        errors = node.errors() | dict(value or {})
        return Element(
            element.name,
            element.place,
            element.type,
            element.primitive,
            element.many,
            element.required or (bool(node.word("min")) and not is_choice),
            element.codes,
            self._within(element, node),
            self._limits(element, node),
            MappingProxyType(errors),
            source="" if element.required else node.source,
        )

    def _within(
        self, element: Element, node: Node, codes: Mapping[str, Code] | None = None
    ) -> tuple[Structure, ...]:
        inner = Node(children=node.children)
        if element.primitive:
            # What stands in the sibling with the underscore.
            return (self.structure("Element", [inner], node.source),) if node.children else ()
        if element.type == base.ANY_RESOURCE:
            return ()
        if not (profiles := _type_profiles(node, element.type)):
            if not node.children and not codes:
                return ()
            return (self.structure(element.type, [inner], node.source, codes),)
        if not node.children:
            return tuple(self._form(element.type, url, codes or {}) for url in profiles)
        return tuple(
            self.structure(element.type, [self._sources.type_tree(url, self._near), inner], url, codes)
            for url in profiles
        )

    def _form(self, type_: str, url: str, codes: Mapping[str, Code]) -> Structure:
        key = (type_, url, self._near, self._resource, frozenset(codes.items()))
        found = self._sources.forms.get(key)
        if found is None:
            node = self._sources.type_tree(url, self._near)
            found = self._sources.forms[key] = self.structure(type_, [node], url, codes)
        return found

    def _limits(self, element: Element, node: Node) -> Limits | None:
        many = element.many
        most = node.word("max")
        length = node.word("maxLength")
        type_ = _types(node).get(element.type, {})
        limits = Limits(
            source=node.source,
            least=int(node.word("min") or 0) if many else 0,
            most=int(most) if most not in (None, "*") and (many or most == "0") else None,
            fixed=node.starting("fixed"),
            pattern=node.starting("pattern"),
            binding=self._sources.binding(node, self._near),
            length=int(length) if length is not None else None,
            arabic_length=node.arabic_length,
            slicing=self._slicing(element, node),
            targets=self._sources.targets(type_.get("targetProfile", ()), self._near),
            constraints=self._sources.constraints(node, element.type, self._resource),
        )
        # One that is only required says nothing that its structure does not say.
        return None if limits == Limits(node.source, min(limits.least, 1)) else limits

    def _slicing(self, element: Element, node: Node) -> Slicing | None:
        if not node.slices:
            return None
        given = node.word("slicing") or {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
        if len(given["discriminator"]) != 1 or given["discriminator"][0]["type"] not in ("value", "pattern"):
            raise ConfigurationError(f"{node.source}: {element.name}: its slicing is not supported")
        path: str = given["discriminator"][0]["path"]
        slices: dict[str, Element] = {}
        patterns: list[tuple[Any, Element]] = []
        for name, slice_ in node.slices.items():
            compiled = self._slice(element, name, node, slice_, path)
            slices[name] = compiled
            patterns += [(key, compiled) for key in self._keys(slice_, path, name)]
        by_url = {key: one for key, one in patterns if isinstance(key, str)} if path == "url" else slices
        return Slicing(
            path,
            MappingProxyType(by_url),
            *_patterns(() if path == "url" else patterns),
            given.get("rules") == "closed",
            {name: turn for turn, name in enumerate(slices)} if given.get("ordered") else {},
            tuple(
                one for one in slices.values() if one.required or (one.limits and one.limits.most is not None)
            ),
        )

    def _slice(self, element: Element, name: str, whole: Node, slice_: Node, path: str) -> Element:
        adds = any(key != path for key in slice_.children) or bool(_type_profiles(slice_, element.type))
        body = merged([Node(says=whole.says, children=whole.children), slice_])
        errors = slice_.errors()
        codes = {kind: code for kind, code in errors.items() if kind.partition(":")[0] in _OF_THE_VALUE}
        return Element(
            element.name,
            element.place,
            element.type,
            False,
            element.many,
            bool(slice_.word("min")),
            None,
            self._within(element, body if adds else whole, codes if path == "url" else None),
            self._limits(element, slice_),
            MappingProxyType(errors),
            name,
            slice_.source,
        )

    def _keys(self, slice_: Node, path: str, name: str) -> Iterator[Any]:
        if path in slice_.children:
            yield slice_.children[path].starting("fixed") or slice_.children[path].starting("pattern")
            return
        profiles = _type_profiles(slice_, "Extension")
        if path != "url" or not profiles:
            raise ConfigurationError(f"{slice_.source}: slice {name} cannot be told from the others")
        for url in profiles:
            definition = self._sources.type_profile(url, self._near)
            fixed = self._sources.type_tree(url, self._near).children.get("url", Node()).starting("fixed")
            yield fixed or definition["url"]
            yield from marks(definition, "url-variant")


def _patterns(
    patterns: Iterable[tuple[Any, Element]],
) -> tuple[tuple[tuple[Any, Element], ...], Mapping[tuple[str, str], Element]]:
    """Those that must be tried one by one, and those that can be looked up."""
    tried: list[tuple[Any, Element]] = []
    codings: dict[tuple[str, str], Element] = {}
    for pattern, part in patterns:
        match pattern:
            case {"coding": [{"system": str(system), "code": str(code), **more}]} if not more:
                codings[system, code] = part
            case _:
                tried.append((pattern, part))
    return tuple(tried), MappingProxyType(codings)


def _requires_slices(element: Element) -> bool:
    slicing = element.limits.slicing if element.limits else None
    return slicing is not None and any(part.required for part in slicing.slices.values())


def _types(node: Node) -> dict[str, Mapping[str, Any]]:
    return {given["code"]: given for given in node.word("type") or ()}


def _type_profiles(node: Node, type_: str) -> list[str]:
    return list(_types(node).get(type_, {}).get("profile", ()))


def _suffix(name: str, place: str) -> str:
    """`valueQuantity` to `Quantity`, `valueDate` to `date`."""
    suffix = name.removeprefix(place)
    return suffix if suffix in _COMPLEX else suffix[0].lower() + suffix[1:]


_COMPLEX_WORDS = """
Address Age Annotation Attachment CodeableConcept Coding ContactDetail ContactPoint Contributor Count
DataRequirement Distance Dosage Duration Expression HumanName Identifier Meta Money ParameterDefinition
Period Quantity Range Ratio Reference RelatedArtifact SampledData Signature Timing TriggerDefinition
UsageContext
"""
_COMPLEX = frozenset(_COMPLEX_WORDS.split())
