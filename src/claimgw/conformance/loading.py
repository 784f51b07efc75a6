"""By which definitions and code lists does this process judge? Those it comes with, and an operator's."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from claimgw.conformance.code_lists import read_code_lists
from claimgw.conformance.definitions import (
    Definition,
    Definitions,
    profiles_folder,
    shipped_folders,
    unpacked,
)
from claimgw.conformance.validator.schemas import Schemas, standard


@lru_cache(maxsize=1)
def load(
    packages: tuple[Path, ...] = (), codes: tuple[Path, ...] = (), versions: tuple[str, ...] = ()
) -> Schemas:
    """`packages` are FHIR packages, or folders of them, `codes` code lists or folders of them.

    `versions` are those of nphies' guide that a message may declare; none: all that come with claimgw.
    Raises ConfigurationError for whatever cannot be read or honoured, so that nothing is found out later.
    Asked the same again, it has them at hand: what was read at start counts until the process ends.
    """
    if not (packages or codes or versions):
        return standard()
    further = [folder for given in packages for folder in unpacked(given)]
    definitions = Definitions([*shipped_folders(versions or None), *further])
    own = {one.name for one in definitions.packages if profiles_folder() not in one.folder.parents}
    systems = {definition["url"] for definition, _ in definitions.all("CodeSystem")}
    provider = read_code_lists(codes, systems, _whole_lists(definitions, own))
    schemas = Schemas(definitions, provider if provider.lists else None)
    schemas.honour(own)
    return schemas


def _whole_lists(definitions: Definitions, own: Collection[str]) -> Iterator[tuple[Definition, Path]]:
    """The code systems that an operator's packages hold whole, and the shipped ones in part."""
    known = list(definitions.all("CodeSystem"))
    in_part = {
        one["url"] for one, package in known if package.name not in own and one.get("content") != "complete"
    }
    for one, package in known:
        if package.name in own and one.get("content") == "complete" and one["url"] in in_part:
            yield one, package.folder
