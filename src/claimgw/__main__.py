"""What does `python -m claimgw` run? The command line."""

from claimgw.cli import main

if __name__ == "__main__":
    main()
