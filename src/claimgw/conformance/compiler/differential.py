"""What do the layers of a profile say of each element? Differentials as one tree, the last word counting."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from claimgw.conformance.compiler.schema import Code
from claimgw.conformance.definitions import OURS, Definition, marks
from claimgw.errors import ConfigurationError

Says = Mapping[str, Any]

# What an ElementDefinition may hold: the first are honoured, the others say nothing a message can break.
_HONOURED_WORDS = """
id path extension sliceName slicing min max type binding constraint maxLength fixedUri fixedCode
fixedBoolean fixedString fixedInteger fixedPositiveInt patternCodeableConcept patternCoding
patternIdentifier patternQuantity patternString
"""
_HONOURED = frozenset(_HONOURED_WORDS.split())
_HARMLESS_WORDS = """
short definition comment requirements alias label code example mapping mustSupport isSummary isModifier
isModifierReason meaningWhenMissing condition base representation orderMeaning
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())


@dataclass(frozen=True, slots=True)
class Statement:
    """What one profile says of one element. `errors`: kind of fault to code; `type:Money` is the kind for one
    type of a choice.
    """

    source: str
    says: Says
    errors: Mapping[str, Code]
    arabic_length: int | None


@dataclass(slots=True)
class Node:
    """One element. `says` are the statements about it, the newest last."""

    says: list[Statement] = field(default_factory=list)
    children: dict[str, "Node"] = field(default_factory=dict)
    slices: dict[str, "Node"] = field(default_factory=dict)

    def word(self, *keys: str) -> Any:
        """The newest statement under one of the keys."""
        for statement in reversed(self.says):
            for key in keys:
                if key in statement.says:
                    return statement.says[key]
        return None

    def starting(self, start: str) -> Any:
        """The newest `fixed…` or `pattern…`."""
        for statement in reversed(self.says):
            for key, value in statement.says.items():
                if key.startswith(start):
                    return value
        return None

    @property
    def source(self) -> str:
        return self.says[-1].source if self.says else ""

    @property
    def arabic_length(self) -> int | None:
        told = [one.arabic_length for one in self.says if one.arabic_length is not None]
        return told[-1] if told else None

    def errors(self) -> dict[str, Code]:
        found: dict[str, Code] = {}
        for statement in self.says:
            found |= statement.errors
        return found


def _statement(source: str, says: Says) -> Statement:
    errors: dict[str, Code] = {}
    for given in _codes(says):
        kind = given["kind"] + (f":{given['type']}" if "type" in given else "")
        place = f".{given['place']}" if "place" in given else ""
        errors[kind] = Code(given["code"], place, given.get("stage") == "business")
    length = next(marks(says, "arabic-max-length"), None)
    return Statement(source, says, errors, None if length is None else int(length))


def _codes(says: Says) -> Iterator[dict[str, str]]:
    for mark in marks(says, "error-code"):
        yield {
            part["url"]: next(value for key, value in part.items() if key != "url")
            for part in mark["extension"]
        }


def tree(layers: Iterable[Definition]) -> Node:
    """The root stands for the type itself. Raises ConfigurationError for what cannot be honoured."""
    root = Node()
    for definition in layers:
        source = definition["url"]
        elements = definition.get("differential", {}).get("element", ())
        for element in elements:
            if unknown := element.keys() - _HONOURED - _HARMLESS:
                raise ConfigurationError(f"{source}: {element['id']}: {min(unknown)} is not supported")
            _at(root, element["id"].split(".")[1:]).says.append(_statement(source, element))
    return root


def _at(node: Node, steps: list[str]) -> Node:
    for step in steps:
        name, _, slice_ = step.partition(":")
        node = node.children.setdefault(name, Node())
        if slice_:
            node = node.slices.setdefault(slice_, Node())
    return node


def merged(nodes: Iterable[Node | None]) -> Node:
    """All that the nodes say together, the later ones last."""
    given = [node for node in nodes if node is not None]
    if len(given) == 1:
        return given[0]
    whole = Node()
    for node in given:
        whole.says += node.says
        _join(whole.children, node.children)
        _join(whole.slices, node.slices)
    return whole


def _join(into: dict[str, Node], more: Mapping[str, Node]) -> None:
    for name, node in more.items():
        into[name] = merged([into.get(name), node])


def applies_everywhere(definition: Definition) -> bool:
    return any(
        extension.get("url") == OURS + "applies-everywhere" for extension in definition.get("extension", ())
    )
