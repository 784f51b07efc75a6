"""How many of the mutants does the verdict catch? `make mutants`; exit 1 if it is under 99 %."""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from campaigns.mutant import Kind
from campaigns.mutator import Plan, mutants, plan
from campaigns.samples import samples
from campaigns.spec import FOLDER, Spec, is_there, spec
from campaigns.survivors import reason
from campaigns.verdict import Judge, Judged, Outcome

WANTED = 99.0
SEED = 20261121
_LINE = "{:32}{:>8}{:>8}{:>18}{:>10}{:>7}{:>15}"


def main() -> int:
    options = _options()
    if not is_there():
        print(f"The spec files are not at {FOLDER}; there is nothing to make mutants from.")
        return 1
    facts, messages = spec(), samples()
    judge = Judge(messages, facts.asked_by)
    made = plan(messages, facts)
    print(f"seed {options.seed}")
    judged = [judge.judge(one) for one in mutants(made, facts, options.seed, options.share)]
    percent = caught(judged)
    if options.json:
        report = as_json(options.seed, judged, made, facts)
        Path(options.json).write_text(json.dumps(report, indent=1), encoding="utf-8")
    _tell(judged, made, facts, options.survivors)
    print(f"{percent:.2f} % of {len(judged)} caught with the right family and place; {WANTED:g} % is wanted")
    return 0 if percent >= WANTED else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--share", type=float, default=1.0, help="part of all mutants, 0 to 1")
    parser.add_argument("--survivors", type=int, default=60, help="how many lines of them to print")
    parser.add_argument("--json", metavar="FILE", help="write all that was found to FILE")
    return parser.parse_args()


def caught(judged: Iterable[Judged]) -> float:
    """Percent caught with the right family and place."""
    counts = Counter(one.outcome for one in judged)
    return 100 * counts[Outcome.RIGHT] / max(counts.total(), 1)


def _tell(judged: list[Judged], made: Plan, facts: Spec, most: int) -> None:
    print(_LINE.format("fault", "mutants", *Outcome, "%", "named code"))
    for kind in Kind:
        if of_kind := [one for one in judged if one.mutant.kind is kind]:
            print(_LINE.format(kind.value, *_row(of_kind)))
    print(_LINE.format("all", *_row(judged)))
    _tell_misses(judged, most)
    print(f"Not made: {'; '.join(f'{why}: {n}' for why, n in made.excluded.most_common())}")
    print(f"Elements no example holds: {len(made.absent(facts))}")
    print(f"Profiles no example holds: {', '.join(without_example(made, facts))}")


def _row(judged: list[Judged]) -> list[str]:
    counts = Counter(one.outcome for one in judged)
    named = [one.exact for one in judged if one.exact is not None]
    return [
        str(len(judged)),
        *(str(counts[outcome]) for outcome in Outcome),
        f"{caught(judged):.1f}",
        f"{sum(named)} of {len(named)}" if named else "",
    ]


def _tell_misses(judged: list[Judged], most: int) -> None:
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in judged:
        if one.outcome is not Outcome.RIGHT:
            mutant = one.mutant
            why = reason(mutant) or "not reviewed"
            key = (one.outcome.value, mutant.kind.value, mutant.variant, mutant.element, why)
            groups[key].append(mutant.profile)
    for (outcome, kind, variant, element, why), profiles in sorted(groups.items())[:most]:
        print(f"{outcome}: {element}: {kind} ({variant}) in {', '.join(profiles)}: {why}")
    if len(groups) > most:
        print(f"… and {len(groups) - most} more; --survivors {len(groups)} or --json shows them")


def without_example(made: Plan, facts: Spec) -> list[str]:
    """Full and partial profiles that no valid message declares."""
    return [
        profile.id
        for profile in facts.profiles.values()
        if profile.id not in made.profiles and profile.status in ("full", "partial")
    ]


def as_json(seed: int, judged: list[Judged], made: Plan, facts: Spec) -> dict[str, Any]:
    """The whole report. Findings are written as codes and places: no value of a message is in it."""
    return {
        "seed": seed,
        "percent": round(caught(judged), 3),
        "kinds": {
            kind.value: Counter(one.outcome.value for one in judged if one.mutant.kind is kind)
            for kind in Kind
        },
        "missed": [_missed(one) for one in judged if one.outcome is not Outcome.RIGHT],
        "excluded": made.excluded,
        "absent": [" ".join(pair) for pair in made.absent(facts)],
        "withoutExample": without_example(made, facts),
    }


def _missed(one: Judged) -> dict[str, Any]:
    mutant = one.mutant
    return {
        "outcome": one.outcome.value,
        "profile": mutant.profile,
        "element": mutant.element,
        "kind": mutant.kind.value,
        "variant": mutant.variant,
        "example": mutant.example,
        "places": mutant.places,
        "families": sorted(mutant.families),
        "codes": mutant.codes,
        "found": [f"{finding.code}@{finding.path}" for finding in one.findings],
        "reason": reason(mutant),
    }


if __name__ == "__main__":
    sys.exit(main())
