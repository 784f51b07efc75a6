"""Do the books balance, whatever providers, insurers, the clock and death do? By thousands of random lives.

Short within the suite; `make lives` leads as many as one likes: STEPS, and SEED to lead the same again.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import make_url

from tests.clearinghouse.lives.machine import Lives
from tests.postgres import Postgres

SEED = int(os.environ.get("SEED", "1"))
STEPS = int(os.environ.get("STEPS", "120"))
STEPS_OF_A_LIFE = 40


@dataclass
class Files:
    """Embedded databases, copied from a template."""

    template: Path
    folder: Path
    lent: int = 0

    async def borrow(self) -> str:
        self.lent += 1
        return f"sqlite:///{shutil.copyfile(self.template, self.folder / f'life-{self.lent}.db')}"

    async def give_back(self, address: str) -> None:
        os.unlink(make_url(address).database or "")


@dataclass
class Server:
    """Databases of a PostgreSQL server, copied from a template."""

    postgres: Postgres
    template: str

    async def borrow(self) -> str:
        return await self.postgres.create(template=self.template)

    async def give_back(self, address: str) -> None:
        await self.postgres.drop(address)


def lead(databases: Files | Server) -> None:
    """As many lives as it takes for all the steps."""

    class Led(Lives):
        pass

    Led.databases = databases
    run_state_machine_as_test(
        seeded(SEED)(Led),
        settings=settings(
            max_examples=max(1, STEPS // STEPS_OF_A_LIFE),
            stateful_step_count=STEPS_OF_A_LIFE,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"seed {SEED}: {Led.steps} steps, {Led.deaths} deaths")


def test_the_books_balance_on_an_embedded_database(sqlite_template: Path, tmp_path: Path) -> None:
    lead(Files(sqlite_template, tmp_path))


def test_the_books_balance_on_a_server(postgres: Postgres, postgres_template: str) -> None:
    lead(Server(postgres, postgres_template))
