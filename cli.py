"""`python cli.py ...` from a clone: the same program as the installed `vlret`."""

from vlret.cli.app import main

if __name__ == "__main__":
    main()
