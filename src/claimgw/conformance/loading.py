"""By which definitions and code lists does this process judge? Those it comes with, and an operator's."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from claimgw.conformance.code_lists import read_code_lists
from claimgw.conformance.definitions import (
    Definition,
    Definitions,
    Package,
    profiles_folder,
    shipped_folders,
    unpacked,
)
from claimgw.conformance.validator.faults import Kind
from claimgw.conformance.validator.schemas import Schemas, standard
from claimgw.conformance.validator.walk import Walk
from claimgw.errors import ConfigurationError

_CARRIED = "Bundle.entry[0].resource"
_MOST = 1000


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
    for package in definitions.packages:
        if package.name in own:
            _must_be_fhir(package, schemas)
    schemas.honour(own)
    return schemas


def _must_be_fhir(package: Package, schemas: Schemas) -> None:
    """A number written as text would be found out by a message, long after the start."""
    for definition in package.definitions.values():
        faults = Walk(_carrying(definition), schemas, _MOST).record.found
        if misshapen := [one for one in faults if one.kind in (Kind.FORM, Kind.CHOICE)]:
            place = misshapen[0].place.removeprefix(_CARRIED)
            raise ConfigurationError(
                f"{package.folder}: {definition['url']} is not FHIR R4 at {place.lstrip('.')}; mend it"
            )


def _carrying(definition: Definition) -> Mapping[str, Any]:
    # Judged as what its type is, whatever profiles of definitions it names.
    bare = {key: value for key, value in definition.items() if key != "meta"}
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bare}]}


def _whole_lists(definitions: Definitions, own: Collection[str]) -> Iterator[tuple[Definition, Path]]:
    """The code systems that an operator's packages hold whole, and the shipped ones in part."""
    known = list(definitions.all("CodeSystem"))
    in_part = {
        one["url"] for one, package in known if package.name not in own and one.get("content") != "complete"
    }
    for one, package in known:
        if package.name in own and one.get("content") == "complete" and one["url"] in in_part:
            yield one, package.folder
