"""Do new ids sort by time, and are they what the wire takes for a GUID?"""

import re
from datetime import UTC, datetime, timedelta

from claimgw.ids import derived_id, least_id, new_id

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_ids_of_one_millisecond_sort_as_they_were_given_out() -> None:
    ids = [new_id(NOW) for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert all(GUID.fullmatch(one) for one in ids)


def test_ids_of_a_later_time_sort_behind() -> None:
    first = new_id(NOW)
    assert new_id(NOW + timedelta(milliseconds=1)) > first


def test_the_least_id_of_a_moment_sorts_between_what_was_before_and_what_is_after() -> None:
    before, after = new_id(NOW - timedelta(milliseconds=1)), new_id(NOW)
    assert before < least_id(NOW) < after
    assert least_id(datetime(1960, 1, 1, tzinfo=UTC)) < before


def test_derived_ids_are_the_same_each_time_and_differ_by_every_part() -> None:
    assert derived_id("a", "b") == derived_id("a", "b")
    assert len({derived_id("a", "b"), derived_id("ab", ""), derived_id("a", "c")}) == 3
