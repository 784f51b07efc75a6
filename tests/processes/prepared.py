"""What do forked processes of the gateway share? All that is imported, and every profile compiled."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import claimgw.cli.root
from claimgw.cli import main
from claimgw.conformance.loading import load

assert claimgw.cli.root  # it is what takes so long; `main` would import it in each process
load().compile()
# Whoever forks from here does not look for garbage in it either: a start takes a tenth of the time.
gc.collect()
gc.freeze()


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """`claimgw` with that command line, in a process that was just forked; it writes to the file `log`."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.update(environment)
    sys.argv = ["claimgw", *command]
    main()
