"""The models of the command line's tests."""

from tests.cli.conftest import models  # noqa: F401
