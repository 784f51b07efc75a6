"""By which definitions does this machine judge: packages, their profiles and versions, code lists?"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from claimgw.cli.arguments import AsJson
from claimgw.cli.configuration import read_settings
from claimgw.cli.output import print_json, print_table
from claimgw.cli.session import refusing
from claimgw.conformance.code_lists import CodeLists
from claimgw.conformance.definitions import Package, profiles_folder
from claimgw.conformance.loading import load
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError

commands = typer.Typer()

_KINDS = {"StructureDefinition": "definitions", "ValueSet": "value sets", "CodeSystem": "code systems"}


@commands.command(epilog="Examples:\n\nclaimgw profiles\n\nclaimgw profiles Claim\n\nclaimgw profiles --json")
def profiles(
    type_: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="The profiles that resources of it may declare.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the packages and code lists that are loaded, and the profiles a message may declare.

    Loads what the settings name and compiles an operator's profiles, as 'serve' does when it starts.
    """
    with refusing():
        settings = read_settings()
        schemas = load(settings.packages, settings.codes, settings.versions)
        if type_ is not None and type_ not in schemas.accepted:
            raise ConfigurationError(
                f"there is no profile of {type_}; 'claimgw profiles' lists those there are"
            )
    declared = {name: urls for name, urls in schemas.accepted.items() if type_ in (None, name)}
    if as_json:
        print_json(_as_json(schemas, declared))
    elif type_ is not None:
        _show_type(type_, declared[type_])
    else:
        _show(schemas, declared)


def _as_json(schemas: Schemas, declared: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    return {
        "packages": [
            {
                "name": package.name,
                "version": package.version,
                "folder": str(package.folder),
                "shipped": _is_shipped(package),
                **{kind: _count(package, kind) for kind in _KINDS},
            }
            for package in schemas.definitions.packages
        ],
        "profiles": {name: sorted(urls) for name, urls in sorted(declared.items())},
        "codes": _sizes(schemas),
    }


def _show(schemas: Schemas, declared: Mapping[str, frozenset[str]]) -> None:
    print_table(
        "Packages",
        ["package", "version", *_KINDS.values(), "from"],
        [
            (
                package.name,
                package.version,
                *(_count(package, kind) for kind in _KINDS),
                "claimgw" if _is_shipped(package) else package.folder,
            )
            for package in schemas.definitions.packages
        ],
        "",
    )
    print_table(
        "Profiles a resource may declare",
        ["type", "profiles", "versions"],
        [
            (name, len(named := _versions(urls)), sorted({one for given in named.values() for one in given}))
            for name, urls in sorted(declared.items())
        ],
        "",
    )
    print_table(
        "Code lists",
        ["system", "codes"],
        sorted(_sizes(schemas).items()),
        "No code lists: CLAIMGW_CODES names none. Big lists are checked for the shape of their codes only.",
    )


def _show_type(type_: str, urls: frozenset[str]) -> None:
    rows = [(name, sorted(versions)) for name, versions in sorted(_versions(urls).items())]
    print_table(
        f"Profiles of {type_}", ["profile", "versions"], rows, "None: whatever it declares is refused."
    )


def _versions(urls: frozenset[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for url in urls:
        address, _, version = url.partition("|")
        found[address].add(version)
    return found


def _sizes(schemas: Schemas) -> dict[str, int]:
    provider = schemas.provider
    lists = provider.lists if isinstance(provider, CodeLists) else {}
    return {system: len(codes) for system, codes in lists.items()}


def _is_shipped(package: Package) -> bool:
    return profiles_folder() in package.folder.parents


def _count(package: Package, kind: str) -> int:
    return sum(known == kind for known, _ in package.definitions)
