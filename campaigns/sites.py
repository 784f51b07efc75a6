"""Where in a message does an element stand, and how is that place written?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from campaigns.spec import Element, Json, Profile, Spec

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """An object that may hold an element, and the values of it that are there, each by its way."""

    bundle: Json
    resource: Way
    parent: Way
    values: tuple[Way, ...]


def at(tree: Any, way: Way) -> Any:
    for step in way:
        tree = tree[step]
    return tree


def put(tree: Any, way: Way, value: Any) -> None:
    """Sets a value; one behind the end of an array is appended."""
    holder = at(tree, way[:-1])
    if isinstance(holder, list) and way[-1] == len(holder):
        holder.append(value)
    else:
        holder[way[-1]] = value


def drop(tree: Any, way: Way) -> None:
    """Removes a value, and the array it was alone in: FHIR knows no empty array.

    A primitive goes with the sibling that holds its extensions, which would stand for it. An object does not
    stay empty, that would be a second fault: it gets an id, which every element may have.
    """
    holder = at(tree, way[:-1])
    del holder[way[-1]]
    if isinstance(holder, dict):
        holder.pop(f"_{way[-1]}", None)
    if holder:
        return
    if isinstance(holder, list) or str(way[-2]).startswith("_"):
        drop(tree, way[:-1])
    else:
        holder["id"] = "left"


def place(way: Way, spec: Spec) -> str:
    """FHIRPath from the Bundle, as the real server writes it: a choice without its type."""
    text = "Bundle"
    for step in way:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step.removeprefix("_")
            text += "." + spec.choices.get(name, name)
    return text


def resources(bundle: Json, spec: Spec) -> Iterator[tuple[Profile, Way]]:
    """The Bundle and every resource in it with the profile it declares, by way."""
    yield spec.profiles["bundle"], ()
    for index, entry in enumerate(bundle["entry"]):
        for declared in entry["resource"].get("meta", {}).get("profile", ()):
            name = declared.split("|")[0].rsplit("/", 1)[-1]
            if name in spec.profiles and name != "bundle":
                yield spec.profiles[name], ("entry", index, "resource")


def sites(bundle: Json, profile: Profile, resource: Way, element: Element, spec: Spec) -> Iterator[Site]:
    """Every object in which the element stands or may stand."""
    steps = element.path.split(".")[1:]
    urls = {one.path: one.extension for one in profile.elements if one.extension}
    above = [resource]
    for depth, step in enumerate(steps[:-1], 2):
        url = urls.get(".".join(element.path.split(".")[:depth]))
        above = [inner for way in above for inner in _inner(bundle, way, step, url, spec)]
        above = [way for way in (_object(bundle, way) for way in above) if way is not None]
    for parent in above:
        yield Site(
            bundle, resource, parent, tuple(_inner(bundle, parent, steps[-1], element.extension, spec))
        )


def _object(bundle: Json, way: Way) -> Way | None:
    """The way to the object; that of a primitive is its sibling, which holds its extensions."""
    if isinstance(at(bundle, way), dict):
        return way
    if not isinstance(way[-1], str):
        return None
    sibling = (*way[:-1], "_" + way[-1])
    return sibling if isinstance(at(bundle, way[:-1]).get(sibling[-1]), dict) else None


def _inner(bundle: Json, way: Way, step: str, url: str | None, spec: Spec) -> Iterator[Way]:
    holder = at(bundle, way)
    name, _, slice_ = step.partition(":")
    base = name.removesuffix("[x]")
    keys = [key for key in holder if key == name or (name != base and spec.choices.get(key) == base)]
    for key in keys:
        value = holder[key]
        found = (
            [(*way, key, index) for index in range(len(value))] if isinstance(value, list) else [(*way, key)]
        )
        for one in found:
            if not slice_ or _is_slice(at(bundle, one), slice_, url):
                yield one


def _is_slice(value: Any, slice_: str, url: str | None) -> bool:
    if not isinstance(value, dict):
        return False
    if url:
        return bool(value.get("url") == url)
    return any(coding.get("code") == slice_ for coding in value.get("type", {}).get("coding", ()))
