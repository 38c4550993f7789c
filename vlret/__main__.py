"""The entry point of `vlret` and `python -m vlret`: light, so that Ctrl-C during the imports is caught."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported ends without a traceback."""
    try:
        from vlret.cli.app import main as run

        run()
    except KeyboardInterrupt:
        print("vlret: interrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
