"""The command line."""


def main() -> None:
    """The program `claimgw`. What it needs beyond the SDK is an extra, so that is looked at first."""
    try:
        from claimgw.cli.root import app
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("claimgw"):
            raise
        raise SystemExit(
            f"The command line needs {missing.name}, which is not installed;"
            " run: pip install 'claimgw[server]'"
        ) from None
    app()
