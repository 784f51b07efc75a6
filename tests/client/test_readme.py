"""Does the program of the README run where only the SDK is installed, against a gateway of the whole?"""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

from claimgw.client import Credentials, Happening, ProviderClient
from tests.claims import fresh
from tests.client.test_alone import alone
from tests.gateway import FALCON, HOSPITAL, register, running
from tests.served import served

README = Path(__file__).parents[2] / "README.md"


def program() -> str:
    found = re.search(r"## Use it from Python\n.*?```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_program_is_short() -> None:
    assert len([line for line in program().splitlines() if line.strip()]) < 20


async def test_it_sends_follows_and_polls(tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "examples").mkdir()
    claim = fresh("claim-request-professional", "readme", "QUEUE-0")
    (tmp_path / "examples" / "claim-request-professional.json").write_bytes(claim)
    database = shutil.copyfile(sqlite_template, tmp_path / "claimgw.db")
    async with (
        running(f"sqlite:///{database}", worker=False, mailbox_seconds=0.05) as gateway,
        served(gateway.app) as url,
    ):
        key = await register(gateway.database, HOSPITAL)
        await register(gateway.database, FALCON)
        async with ProviderClient(url, HOSPITAL, Credentials(key=key)) as client:
            await client.send(fresh("claim-request-institutional", "other", "QUEUE-0"))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            alone(program()),
            cwd=tmp_path,
            env={**os.environ, "CLAIMGW_URL": url, "CLAIMGW_KEY": key},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaints = await process.communicate()
    assert complaints == b""
    lines = said.decode().splitlines()
    assert [line.partition(" ")[0] for line in lines[:2]] == [Happening.QUEUED, Happening.COMPLETE]
    assert lines[2:] == ["claim-response other-QUEUE-0"]
