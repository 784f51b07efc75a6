"""Which mutants can be made of the valid messages? From the spec files alone, one fault at a time."""

import copy
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from campaigns.faults import MAKERS
from campaigns.mutant import GONE, Fault, Mutant, between
from campaigns.samples import Sample
from campaigns.sites import Way, drop, place, put, resources, sites
from campaigns.spec import Element, Profile, Spec

Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Plan:
    """All that can be done: for each distinct fault the sites at which it can be made.

    Two faults are equal if profile, element, kind and variant are: the same number missing from two items is
    one fault. `excluded` counts by reason what was not made, `absent` the elements no message holds.
    """

    faults: dict[Key, list[tuple[Sample, Fault]]] = field(default_factory=lambda: defaultdict(list))
    excluded: Counter[str] = field(default_factory=Counter)
    present: set[tuple[str, str]] = field(default_factory=set)
    profiles: set[str] = field(default_factory=set)

    def absent(self, spec: Spec) -> list[tuple[str, str]]:
        """(profile, element) of the profiles that are there which no message holds."""
        return [
            (name, element.path)
            for name in sorted(self.profiles)
            for element in spec.profiles[name].elements
            if (name, element.path) not in self.present
        ]


def plan(samples: Mapping[str, Sample], spec: Spec) -> Plan:
    made = Plan()
    excluded: set[tuple[str, str, str]] = set()
    for sample in samples.values():
        for profile, way in resources(sample.bundle, spec):
            made.profiles.add(profile.id)
            for element in profile.elements:
                for fault in _faults(sample, profile, way, element, spec, made):
                    if isinstance(fault, str):
                        excluded.add((profile.id, element.path, fault))
                    else:
                        key = (profile.id, fault.label, fault.kind.value, fault.variant)
                        made.faults[key].append((sample, fault))
    made.excluded.update(reason for _, _, reason in sorted(excluded))
    return made


def _faults(
    sample: Sample, profile: Profile, way: Way, element: Element, spec: Spec, made: Plan
) -> Iterator[Fault | str]:
    own = {one.path for one in profile.elements}
    for site in sites(sample.bundle, profile, way, element, spec):
        if site.values:
            made.present.add((profile.id, element.path))
        for maker in MAKERS:
            for fault in maker(element, site, spec):
                # What the profile itself says of an element inside of a data type comes with that element.
                if isinstance(fault, str) or fault.label == element.path or fault.label not in own:
                    yield fault


def mutants(made: Plan, spec: Spec, seed: int, share: float = 1.0) -> Iterator[Mutant]:
    """Each fault once, at a site chosen by the seed; with `share` below 1 a part of them, chosen likewise."""
    for key, options in made.faults.items():
        chance = random.Random(f"{seed} {key}")  # of the key alone: the order of the files changes nothing
        if chance.random() >= share:
            continue
        sample, fault = chance.choice(options)
        yield _mutant(key[0], sample, fault, spec)


def _extensions(root: Way) -> list[Way]:
    """The extension a value is of: business rules are placed there, not at its value."""
    return [root[:-1]] if len(root) > 2 and root[-3] == "extension" else []


def _mutant(profile: str, sample: Sample, fault: Fault, spec: Spec) -> Mutant:
    bundle = copy.deepcopy(sample.bundle)
    for way, value in fault.edits:
        if value is GONE:
            drop(bundle, way)
        else:
            put(bundle, way, copy.deepcopy(value))
    ways = [*between(fault.root, fault.way), *fault.also]
    if fault.label.endswith(".value[x]") or ".value[x]." in fault.label:
        ways += _extensions(fault.root)
    return Mutant(
        sample.name,
        profile,
        fault.label,
        fault.kind,
        fault.variant,
        tuple(dict.fromkeys(place(way, spec) for way in ways)),
        fault.families,
        fault.codes,
        bundle,
    )
