"""Which pages does the console have? One table; a new page is a row here and a route."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """`path` is below the place where the console is mounted."""

    key: str
    title: str
    path: str


OVERVIEW = Page("overview", "Overview", "/")

SEARCH = Page("search", "Search", "/search")

QUEUE = Page("queue", "Queue", "/queue")

LEDGER = Page("ledger", "Ledger", "/ledger")

# In the order of the navigation.
PAGES = (OVERVIEW, QUEUE, SEARCH, LEDGER)
