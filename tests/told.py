"""What does the last line of `make test` say? Whether the tests with a browser ran."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def told(report: Path) -> str:
    """One sentence, from pytest's report in JUnit's form."""
    cases = [
        case
        for case in ElementTree.parse(report).iter("testcase")
        if case.get("classname", "").endswith("test_browser")
    ]
    skipped = [case for case in cases if case.find("skipped") is not None]
    if not cases:
        return "Browser tests: none were collected."
    if not skipped:
        return f"Browser tests: all {len(cases)} ran."
    reason = skipped[0].find("skipped")
    why = reason.get("message", "") if reason is not None else ""
    return f"Browser tests: {len(skipped)} of {len(cases)} SKIPPED ({why})."


if __name__ == "__main__":
    print(told(Path(sys.argv[1])))
