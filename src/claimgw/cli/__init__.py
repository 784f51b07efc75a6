"""The command line."""

import gc


def main() -> None:
    """The program `claimgw`. What it needs beyond the SDK is an extra, so that is looked at first."""
    # All that is imported stays: to look for garbage in it again and again takes a sixth of the time.
    gc.disable()
    try:
        from claimgw.cli.root import app
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("claimgw"):
            raise
        raise SystemExit(
            f"The command line needs {missing.name}, which is not installed;"
            " run: pip install 'claimgw[server]'"
        ) from None
    gc.freeze()
    gc.enable()
    app()
