"""Does the one tag we put into foreign messages touch nothing else?"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimgw.messages import tags
from claimgw.messages.splice import add_header_tag
from tests.conformance import real_messages

TAG = tags.QUEUED_MESSAGES
SPACE = st.sampled_from(["", " ", "\n", "\t \r\n"])
TEXT = st.text(max_size=12) | st.sampled_from(['"', "\\", '{"', "]}", "entry", "meta", "é\\u00e9"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def untouched(before: bytes, after: bytes) -> bool:
    """Whether what was added is one piece, and all the rest is as it was."""
    start = next(i for i, (a, b) in enumerate(zip(before + b"\0", after, strict=False)) if a != b)
    return after.endswith(before[start:]) and len(after) > len(before)


@given(
    others=st.dictionaries(TEXT, JSON, max_size=3),
    header=st.dictionaries(TEXT, JSON, max_size=3),
    space=SPACE,
)
@pytest.mark.parametrize("meta", [None, {}, {"tag": []}, {"tag": [{"code": "x"}]}, {"profile": ["p"]}])
def test_only_the_tag_is_added_wherever_things_stand(
    meta: Any, others: dict[str, Any], header: dict[str, Any], space: str
) -> None:
    resource = {**header, "resourceType": "MessageHeader"} | ({} if meta is None else {"meta": meta})
    if meta is None:
        resource.pop("meta", None)
    bundle = {**others, "entry": [{"fullUrl": "u", "resource": resource}, {"resource": {"meta": {}}}]}
    raw = json.dumps(bundle, separators=(f"{space},", f":{space}")).encode()
    spliced = add_header_tag(raw, TAG)
    assert untouched(raw, spliced)
    tree, expected = json.loads(spliced), json.loads(raw)
    found = tree["entry"][0]["resource"].pop("meta")
    given_meta = expected["entry"][0]["resource"].pop("meta", {})
    assert tree == expected
    assert found.pop("tag") == [TAG, *given_meta.pop("tag", [])]
    assert found == given_meta


@real_messages.needed
@pytest.mark.parametrize(
    "name", real_messages.files("*-response-*", "acknowledgement-*", "communication-request-*")
)
def test_real_answers_differ_by_the_tag_only(name: str) -> None:
    raw = real_messages.raw(name)
    spliced = add_header_tag(raw, TAG)
    assert untouched(raw, spliced)
    assert tags.carries(json.loads(spliced)["entry"][0]["resource"], "queued-messages")
