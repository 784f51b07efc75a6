"""Does the setting for the dialect reach what the gateway writes itself?"""

from claimgw.messages.dialect import Dialect
from tests.clearinghouse.scene import playing
from tests.clearinghouse.spoken import CLAIM, fresh, silence, tags
from tests.gateway import resource


def faulty(raw: bytes) -> bytes:
    return raw.replace(b'"status": "active"', b'"status": "active", "mood": "good"', 1)


async def test_the_guides_dialect_marks_the_bundle_alone(sqlite: str) -> None:
    async with playing(sqlite, silence, dialect=Dialect.GUIDE) as scene:
        _, told = await scene.send(faulty(fresh(CLAIM)))
        response = resource(told, "ClaimResponse")
        assert (tags(told), tags(response)) == (["nphies-generated"], [])
        assert response["insurer"]["reference"].startswith("http://nphies.sa/")


async def test_unless_told_answers_look_as_those_of_nphies(sqlite: str) -> None:
    async with playing(sqlite, silence) as scene:
        _, told = await scene.send(faulty(fresh(CLAIM)))
        response = resource(told, "ClaimResponse")
        assert (tags(told), tags(response)) == (["nphies-generated"], ["NPHIES generated"])
        assert response["insurer"]["reference"].startswith("Organization/")
