"""Which mutants can be made of the samples? Planned once for a process: it takes two seconds."""

from functools import cache

from campaigns.mutator import Plan, plan
from campaigns.samples import samples
from campaigns.spec import spec


@cache
def planned() -> Plan:
    return plan(samples(), spec())
