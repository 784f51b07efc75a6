"""By which definitions and code lists does this process judge? Those it comes with, and an operator's."""

from functools import lru_cache
from pathlib import Path

from claimgw.conformance.code_lists import read_code_lists
from claimgw.conformance.definitions import Definitions, profiles_folder, shipped_folders
from claimgw.conformance.validator.schemas import Schemas, standard


@lru_cache(maxsize=1)
def load(
    packages: tuple[Path, ...] = (), codes: tuple[Path, ...] = (), versions: tuple[str, ...] = ()
) -> Schemas:
    """`packages` are folders of FHIR packages, `codes` code lists or folders of them.

    `versions` are those of nphies' guide that a message may declare; none: all that come with claimgw.
    Raises ConfigurationError for whatever cannot be read or honoured, so that nothing is found out later.
    Asked the same again, it has them at hand: what was read at start counts until the process ends.
    """
    if not (packages or codes or versions):
        return standard()
    definitions = Definitions([*shipped_folders(versions or None), *packages])
    systems = {definition["url"] for definition, _ in definitions.all("CodeSystem")}
    schemas = Schemas(definitions, read_code_lists(codes, systems) if codes else None)
    shipped = profiles_folder()
    schemas.honour({one.name for one in definitions.packages if shipped not in one.folder.parents})
    return schemas
