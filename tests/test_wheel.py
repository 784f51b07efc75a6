"""Does the wheel hold what the package needs when it is installed without the repository?"""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_ships_migrations_profiles_examples_and_the_pages(tmp_path: Path) -> None:
    # Without isolation: the build backend is pinned among the packages of the tests, nothing is fetched.
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "claimgw/migrations/env.py" in names
    assert "claimgw/migrations/versions/0001_the_first_tables.py" in names
    assert "claimgw/examples/claim-request-professional.json" in names
    assert any(name.startswith("claimgw/console/templates/") for name in names)
    assert any(name.startswith("claimgw/console/static/") for name in names)
    assert any(name.startswith("claimgw/profiles/") for name in names)
    assert "claimgw/profiles/nphies-fs/rules/CodeSystem-rules.json" in names
    assert "claimgw/conformance/languages/en.json" in names
    assert "claimgw/conformance/severities.toml" in names
    assert any(name.startswith("claimgw/faults/") for name in names)
    assert not any("tests/" in name or "__pycache__" in name for name in names)
