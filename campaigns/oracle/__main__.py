"""Do we find what the HL7 validator finds? `make oracle`; exit 1 if a difference is not explained."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from campaigns.mutants import SEED
from campaigns.mutator import mutants, plan
from campaigns.oracle import fetch
from campaigns.oracle.asking import Asking
from campaigns.oracle.compare import Subject, of_mutant, of_valid, of_written
from campaigns.oracle.report import Report
from campaigns.oracle.validator import Validator
from campaigns.samples import EXAMPLES, samples
from campaigns.spec import FOLDER, Json, is_there, spec
from claimgw.conformance.rulebook.spoilt import spoilt_examples

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
    try:
        fetched = fetch.fetched()
    except subprocess.CalledProcessError as failed:
        console.print(f"`{failed.cmd[0]}` could not fetch it: {failed}", markup=False)
        return 1
    with Validator(fetched) as validator:
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
    facts = spec()
    messages = {name: sample for name, sample in samples().items() if _of_the_set(sample.bundle)}
    asking = Asking(validator)
    report = Report(validator.loaded)
    for name, sample in messages.items():
        report.add_valid(of_valid(name, *asking.valid(sample)))
    for one in spoilt_examples(EXAMPLES):
        # Those of structure are what mutants are.
        if one.example.code not in asking.keys.asked or not _of_the_set(one.sound):
            continue
        subject = Subject(f"{one.example.code}: {one.example.what}", one.example.message)
        report.add_written(of_written(subject, *asking.written(one)))
    made = plan(messages, facts)
    for mutant in mutants(made, facts, seed, count / max(len(made.faults), 1)):
        report.add_mutant(of_mutant(mutant, *asking.mutant(mutant, messages[mutant.example])))
    return report


def _of_the_set(bundle: Json) -> bool:
    """Of the version that is loaded: in one process the validator would take another's profiles for it."""
    return any(one.endswith("|1.0.0") for one in bundle["meta"]["profile"])


if __name__ == "__main__":
    sys.exit(main())
