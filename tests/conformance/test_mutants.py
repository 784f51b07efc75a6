"""Does a sample of the campaigns hold: mutants are judged and mostly caught, any JSON gets findings?"""

from functools import cache

import pytest

from campaigns import fuzz
from campaigns.mutant import Kind
from campaigns.mutants import SEED, caught
from campaigns.mutator import Plan, mutants, plan
from campaigns.samples import samples
from campaigns.sites import place
from campaigns.spec import is_there, spec
from campaigns.verdict import Judge, in_place
from claimgw.messages.encode import encode
from tests.conformance.planned import planned

needed = pytest.mark.skipif(not is_there(), reason="the spec files are not beside the repository")

_SHARE = 0.025
# What `make mutants` wants of all; the sample held it for each of five seeds. It only ever goes up.
_FLOOR = 99.0
_FUZZED = 150


@cache
def _judge() -> Judge:
    return Judge(samples(), spec().asked_by)


@needed
def test_the_messages_to_be_spoilt_are_valid() -> None:
    assert {name: said for name, said in _judge().said_of_valid().items() if said} == {}


@needed
def test_no_mutant_raises_and_no_fewer_are_caught_than_before() -> None:
    judged = [_judge().judge(one) for one in mutants(planned(), spec(), SEED, _SHARE)]
    assert len(judged) > 200
    assert caught(judged) >= _FLOOR


@needed
def test_a_seed_gives_the_same_mutants_and_verdicts_each_time() -> None:
    first, second = planned(), plan(samples(), spec())
    made = zip(mutants(first, spec(), SEED, 0.003), mutants(second, spec(), SEED, 0.003), strict=True)
    for one, again in made:
        assert one.raw == again.raw
        assert _judge().judge(one) == _judge().judge(again)


@needed
def test_every_kind_of_fault_is_made_and_no_mutant_is_its_valid_message() -> None:
    assert {kind for _, _, kind, _ in planned().faults} == {kind.value for kind in Kind}
    valid = {name: encode(sample.bundle) for name, sample in samples().items()}
    assert all(one.raw != valid[one.example] for one in mutants(planned(), spec(), SEED, 0.03))


@needed
def test_the_forms_in_which_the_server_places_a_missing_extension_are_in_place() -> None:
    key = ("provider-organization", "Organization.extension:providerType", Kind.DROPPED.value, "dropped")
    (mutant,) = mutants(Plan({key: planned().faults[key]}), spec(), SEED)
    array = mutant.place
    assert in_place(array, mutant)
    assert in_place(f"{array}[0].providerType", mutant)
    assert not in_place(f"{array}[0].other", mutant)
    assert not in_place(f"{array}[0].value", mutant)


@needed
def test_places_are_written_without_the_type_of_a_choice_and_without_the_sign_of_a_sibling() -> None:
    claim = ("entry", 1, "resource")
    assert place((*claim, "item", 0, "servicedDate"), spec()) == "Bundle.entry[1].resource.item[0].serviced"
    gender = (*claim, "_gender", "extension", 0, "valueCodeableConcept")
    assert place(gender, spec()) == "Bundle.entry[1].resource.gender.extension[0].value"


def test_any_json_in_any_place_of_an_example_gets_findings() -> None:
    valid = [sample.bundle for sample in samples().values()]
    for index in range(_FUZZED):
        fuzz.once(valid, fuzz.SEED, index)
