"""How often is our verdict that of the real server? For a folder of requests whose answers are known."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from claimgw.cli.arguments import AsJson
from claimgw.cli.output import print_json, print_line
from claimgw.cli.session import refusing
from claimgw.conformance.loading import load
from claimgw.conformance.verdicts import Pair, Place, Report, Verdict, judge
from claimgw.errors import ConfigurationError

commands = typer.Typer()

_TABLE = "pairs.tsv"
# What the real server speaks; it knows no profile of another version.
_SPOKEN = ("1.0.0",)
_ERROR = re.compile(r"([^\s@;]+)@([^;]+)")


@commands.command(epilog="Example:\n\nclaimgw verdicts messages --json")
def verdicts(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Requests, and pairs.tsv with the server's errors of each.")
    ],
    as_json: AsJson = False,
) -> None:
    """Judge each request as received at its Bundle.timestamp, and compare with what the server found."""
    with refusing():
        report = judge(_pairs(folder), load(versions=_SPOKEN))
    if as_json:
        print_json(_as_json(report))
    else:
        _show(report)


def _pairs(folder: Path) -> list[Pair]:
    try:
        with (folder / _TABLE).open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
        return [
            Pair(row["request"], (folder / row["request"]).read_bytes(), tuple(_errors(row.get("errors"))))
            for row in rows
        ]
    except (OSError, UnicodeDecodeError, KeyError) as fault:
        raise ConfigurationError(f"{folder / _TABLE} and its requests cannot be read: {fault}") from fault


def _errors(text: str | None) -> Iterator[Place]:
    """`code@element; code@element`"""
    for code, element in _ERROR.findall(text or ""):
        yield code, element.strip()


def _as_json(report: Report) -> dict[str, Any]:
    verdicts_ = report.verdicts
    return {
        "accepted": {
            "total": sum(one.accepted for one in verdicts_),
            "refused_by_us": report.refused_by_us,
        },
        "refused": {
            "total": sum(not one.accepted for one in verdicts_),
            "accepted_by_us": report.accepted_by_us,
        },
        "findings": _totals(report),
        "excluded": [
            {"code": code, "element": element, "why": why} for code, element, why in report.excluded
        ],
        "files": {
            one.file: {
                "server": _written(one.theirs),
                "ours": _written(one.ours),
                "both": _written(one.found),
                "missing": _written(one.missing),
                "extra": _written(one.extra),
            }
            for one in verdicts_
        },
    }


def _totals(report: Report) -> dict[str, int]:
    return {
        "server": sum(len(one.theirs) for one in report.verdicts),
        "found": sum(len(one.found) for one in report.verdicts),
        "ours": sum(len(one.ours) for one in report.verdicts),
        "extra": sum(len(one.extra) for one in report.verdicts),
    }


def _written(places: frozenset[Place]) -> list[str]:
    return [f"{code}@{element}" for code, element in sorted(places)]


def _show(report: Report) -> None:
    for verdict in report.verdicts:
        _show_one(verdict)
    for code, element, why in report.excluded:
        print_line(f"excluded {code} {element}: {why}")
    totals = _totals(report)
    print_line(
        f"findings: {totals['found']} of {totals['server']} found,"
        f" {totals['extra']} of {totals['ours']} extra"
    )
    for title, files in (
        ("accepted by the server, refused by us", report.refused_by_us),
        ("refused by the server, accepted by us", report.accepted_by_us),
    ):
        print_line(f"{title}: {', '.join(files) or 'none'}")


def _show_one(verdict: Verdict) -> None:
    theirs = "accepted" if verdict.accepted else "refused"
    ours = "refused" if verdict.refused else "accepted"
    print_line(f"{verdict.file}: server {theirs}, we {ours}")
    for title, places in (
        ("both", verdict.found),
        ("missing", verdict.missing),
        ("extra", verdict.extra),
    ):
        for place in _written(places):
            print_line(f"  {title:8}{place}")
