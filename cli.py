"""`python cli.py ...` from a clone: the same program as the installed `vlret`."""

from vlret.__main__ import main

if __name__ == "__main__":
    main()
