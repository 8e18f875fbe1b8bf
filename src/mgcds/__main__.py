"""`python -m mgcds`: the `mgcds` command, where it is not on the path."""

from mgcds.cli import main

if __name__ == "__main__":
    main()
