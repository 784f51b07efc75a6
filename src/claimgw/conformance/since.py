"""From which day does a rule bind? For rules that came later than the profiles."""

from collections.abc import Mapping
from datetime import date

from claimgw.conformance.ranges import codes

# Asked for with the minimum data set of 2024. The day is ours: the sources name the year only.
_MINIMUM_DATA_SET = """
BV: 00041 00118 00364-00365 00376 00414-00419 00486-00489 00509 00723 00727-00729 00731-00737 00740-00744
  00746-00748 00751-00753 00755-00796 00799-00855
DT: 01530-01536 01538-01542 01544-01546
IB: 00412-00422
IC: 01549-01555 01557-01561 01563-01567 01570-01571 01573-01574
RE: 00189
"""


SINCE: Mapping[str, date] = {
    **dict.fromkeys(codes(_MINIMUM_DATA_SET), date(2024, 1, 1)),
    # Forms of national and residence numbers, added with release 1.2.877.
    "BV-00797": date(2024, 1, 1),
    "BV-00798": date(2024, 1, 1),
    # In the middle of a month; the real server is first seen to refuse on 8 December 2025.
    "IC-01620": date(2025, 11, 15),
    "BV-01010": date(2025, 11, 15),
}
