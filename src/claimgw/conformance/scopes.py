"""Which rules cannot be told from one message and its time of receipt, and why not?"""

from collections.abc import Iterator, Mapping

from claimgw.conformance.definitions import Definition, Definitions, marks
from claimgw.conformance.ranges import codes
from claimgw.conformance.terminology import Terminology

# Rules about what came before: known claims, cancelled ones, used identifiers.
_HISTORY = """
BV: 00003 00019 00024 00026 00028 00038 00046 00055 00067 00070 00072-00075 00081 00097-00098 00115
  00117 00120-00121 00127-00128 00137 00139-00146 00148 00151-00152 00163 00166 00170-00175 00191 00193
  00222 00226 00235-00236 00356-00357 00362-00363 00381-00382 00401 00430-00432 00445 00447-00448 00455
  00457 00459 00464 00466 00476 00483 00493 00495-00496 00510 00513 00525 00532-00534 00537 00540
  00542-00544 00546-00550 00562 00566 00666 00681-00682 00686-00689 00702 00725 00863 00865 00879 00881
  00887-00889 00891 00896 00900 00902-00903 00906 00911 00919-00923 00937 00939-00940
GE: 00023
"""
# Rules about who is licensed, connected and insured.
_REGISTRY = """
BV: 00133 00138 00147 00149-00150 00153-00154 00156-00157 00159-00160 00164 00176 00180-00188 00190
  00192 00194 00197-00200 00202 00205-00206 00210 00212 00353 00514-00515 00545
GE: 00010 00021 00029-00030
"""
NEEDS_HISTORY = frozenset(codes(_HISTORY))
NEEDS_REGISTRY = frozenset(codes(_REGISTRY))


def undecidable(definitions: Definitions, terminology: Terminology) -> Mapping[str, str]:
    """Code to the reason: history, registry, or a value set of which not all codes are known."""
    found = dict(_unlisted(definitions, terminology))
    found |= dict.fromkeys(NEEDS_HISTORY, "needs what came before")
    found |= dict.fromkeys(NEEDS_REGISTRY, "needs a registry")
    return found


def _unlisted(definitions: Definitions, terminology: Terminology) -> Iterator[tuple[str, str]]:
    """The codes of bindings to value sets that are not wholly known."""
    for definition, package in definitions.all("StructureDefinition"):
        for element in definition.get("differential", {}).get("element", ()):
            for value_set in _bound(element, definitions, package.name):
                if not terminology.value_set(value_set, package.name).complete:
                    why = f"value set {value_set} is not wholly known"
                    yield from ((code, why) for code in _codes(element))


def _bound(element: Definition, definitions: Definitions, near: str) -> Iterator[str]:
    """The value sets bound to the element, or to the value of the extension it is a slice of."""
    binding = element.get("binding")
    if binding is not None and binding.get("strength") == "required":
        yield binding["valueSet"]
    if "sliceName" not in element:
        return
    for type_ in element.get("type", ()):
        for profile in type_.get("profile", ()):
            located = definitions.find("StructureDefinition", profile, near)
            for inner in located[0]["differential"]["element"] if located else ():
                if inner["id"] == "Extension.value[x]":
                    yield from _bound(inner, definitions, near)


def _codes(element: Definition) -> Iterator[str]:
    for mark in marks(element, "error-code"):
        given = {
            part["url"]: next(value for key, value in part.items() if key != "url")
            for part in mark["extension"]
        }
        if given["kind"].startswith("binding"):
            yield given["code"]
            if "also" in given:
                yield given["also"]
