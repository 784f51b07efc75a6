"""Does the Bundle keep the rules of a message: id, type, addresses of its entries (spec §2.6)?"""

import re
from collections.abc import Iterator

from claimgw.conformance.case import Case, absent, items_at, object_at, objects_at, place, text_at
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import DEFINITIONS

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ABSOLUTE = re.compile(r"(?:https?://[^/\s]+/|urn:(?:uuid|oid):)\S+")
_PATHS = ("http://", "https://")
_VERSION = re.compile(r"[^|]+\|[0-9]+\.[0-9]+\.[0-9]+")
_BASE = "http://hl7.org/fhir/StructureDefinition/"


def addresses(case: Case) -> Iterator[Finding]:
    """FR-00007, FR-00008: each fullUrl is unique and names no version."""
    seen: set[str] = set()
    for index, entry in objects_at(case.envelope.bundle, "entry"):
        url = text_at(entry, "fullUrl")
        if url is None:
            continue
        here = f"Bundle.entry[{index}]"
        if url in seen:
            yield Finding("FR-00007", here, "Two entries have the same fullUrl", "Give each entry its own")
        if "/_history/" in url:
            yield Finding("FR-00008", here, "The fullUrl names a version", "Leave /_history/ out")
        seen.add(url)


def contents(case: Case) -> Iterator[Finding]:
    """FR-00005: an entry holds a resource."""
    for index, entry in objects_at(case.envelope.bundle, "entry"):
        if entry and "resource" not in entry:
            yield Finding(
                "FR-00005",
                f"Bundle.entry[{index}]",
                "The entry holds no resource",
                "Add it, or drop the entry",
            )


def mandatory(case: Case) -> Iterator[Finding]:
    """IC-00326, IC-00009, IC-00010, IC-01428: id, profile, timestamp, and a fullUrl for each entry."""
    bundle = case.envelope.bundle
    if "id" not in bundle:
        yield Finding("IC-00326", "Bundle.id", "The Bundle has no id", "Give it a GUID never used before")
    if "meta" not in bundle or absent(bundle["meta"], "profile"):
        yield Finding(
            "IC-00009",
            "Bundle.meta.profile",
            "The Bundle declares no profile",
            f"Declare {DEFINITIONS}bundle|1.0.0",
        )
    if "timestamp" not in bundle:
        yield Finding(
            "IC-00010", "Bundle.timestamp", "The Bundle has no timestamp", "Add the time of sending"
        )
    for index, entry in objects_at(bundle, "entry"):
        if entry and "fullUrl" not in entry:
            yield Finding(
                "IC-01428",
                f"Bundle.entry[{index}].fullUrl",
                "The entry has no fullUrl",
                "Give it an absolute URL",
            )


def identity(case: Case) -> Iterator[Finding]:
    """BV-00341, BV-00130: a GUID in small letters, and type message."""
    bundle = case.envelope.bundle
    if (id_ := text_at(bundle, "id")) is not None and not GUID.fullmatch(id_):
        yield Finding("BV-00341", "bundle.id", "Bundle.id is no GUID", "Use 36 characters, in small letters")
    if "type" in bundle and bundle["type"] != "message":
        yield Finding("BV-00130", "bundle.type", "The Bundle is not of type message", "Set type to message")


def one_header(case: Case) -> Iterator[Finding]:
    """BV-00129: no other MessageHeader than the first entry."""
    for entry in case.envelope.entries[1:]:
        if entry.type == "MessageHeader":
            yield Finding(
                "BV-00129", place(entry), "The Bundle has a second MessageHeader", "Keep the first only"
            )


def absolute_addresses(case: Case) -> Iterator[Finding]:
    """BV-00207: a fullUrl is absolute and ends with the id of its resource."""
    for entry in case.envelope.entries:
        url, id_ = entry.full_url, text_at(entry.resource, "id")
        if url is None:
            continue
        if not _ABSOLUTE.fullmatch(url):
            text, hint = "The fullUrl is not absolute", "Start it with http://, https:// or urn:uuid:"
        elif id_ is not None and not url.endswith(("/" + id_, ":" + id_)):
            text, hint = "The fullUrl does not end with the id of its resource", "Let both agree"
        else:
            continue
        yield Finding("BV-00207", f"bundle.entry[{entry.index}].fullUrl", text, hint)


def typed_addresses(case: Case) -> Iterator[Finding]:
    """BV-00208: an address that is a path names the type; real servers take it in any case of letters."""
    for entry in case.envelope.entries:
        url = entry.full_url
        if url and url.startswith(_PATHS) and entry.type.lower() not in url.lower().split("/"):
            yield Finding(
                "BV-00208",
                f"bundle.entry[{entry.index}].fullUrl",
                "The fullUrl does not name the type of its resource",
                "End it with the type and the id",
            )


def ids(case: Case) -> Iterator[Finding]:
    """BV-00209: each resource has an id; for types with a profile, that says it by a code of its own."""
    for entry in case.envelope.entries:
        if "id" not in entry.resource and not case.accepted.get(entry.type):
            yield Finding("BV-00209", f"{place(entry)}.id", "The resource has no id", "Give it one")


def versions(case: Case) -> Iterator[Finding]:
    """BV-00225: nphies profiles are declared with their version, those of base FHIR without."""
    declared = [("bundle", case.envelope.bundle)]
    declared += [(place(entry), entry.resource) for entry in case.envelope.entries]
    for here, resource in declared:
        for index, url in enumerate(items_at(object_at(resource, "meta"), "profile")):
            if isinstance(url, str) and url and not _is_versioned(url):
                yield Finding(
                    "BV-00225",
                    f"{here}.meta.profile[{index}]",
                    "The profile is not declared with its version",
                    "End the canonical with |1.0.0; a profile of base FHIR stands without a version",
                )


def profile(case: Case) -> Iterator[Finding]:
    """BV-00220: the Bundle declares a known profile. Of its entries the rules of references say so."""
    given = items_at(object_at(case.envelope.bundle, "meta"), "profile")
    declared = {url for url in given if isinstance(url, str)}
    known = case.accepted.get("Bundle")
    # Without its version it is BV-00225 already.
    if known and declared and all(map(_is_versioned, declared)) and not known & declared:
        yield Finding(
            "BV-00220",
            "bundle.meta.profile[0]",
            "The Bundle declares no profile that is accepted",
            f"Declare {DEFINITIONS}bundle|1.0.0",
        )


def _is_versioned(url: str) -> bool:
    return "|" not in url if url.startswith(_BASE) else _VERSION.fullmatch(url) is not None
