"""Have our own messages the shape of those a real gateway wrote to the same requests?"""

from functools import cache

from campaigns import explained
from campaigns.shapes import Difference, differences
from tests.conformance import real_messages


@cache
def found() -> dict[str, list[Difference]]:
    return dict(differences(real_messages.FOLDER))


@real_messages.needed
def test_our_answers_have_the_shape_of_the_recorded_ones_but_for_what_is_explained() -> None:
    assert len(found()) > 40
    assert [(name, str(one)) for name, kinds in found().items() for one in kinds if one.why is None] == []


@real_messages.needed
def test_every_explanation_explains_something() -> None:
    used = {explained.row(one.path, one.theirs, one.ours) for kinds in found().values() for one in kinds}
    assert set(explained.TABLE) - used == set()


def test_what_nobody_explained_is_not_explained() -> None:
    assert Difference("MessageHeader.response.code", "fatal-error", "ok").why is None
    assert Difference("Bundle.meta.tag.code", "nphies-generated", "").why is None
    assert Difference("entries", "MessageHeader Task", "MessageHeader").why is None
