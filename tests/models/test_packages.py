"""packages.py: what transformers wants and does not find."""

from __future__ import annotations

import pytest

from vlret.errors import MissingExtraError
from vlret.models.packages import require_packages

LONG = "X requires the\nprotobuf library. You can install it with `pip install -U protobuf`."


@pytest.mark.parametrize(
    ("error", "package"),
    [
        (ImportError(LONG), "protobuf"),
        (
            ImportError("X requires the SentencePiece library but it was not found. See https://a.b"),
            "sentencepiece",
        ),
        (ModuleNotFoundError("No module named 'num2words'", name="num2words"), "num2words"),
        (ImportError("no idea"), "the package that it names"),
    ],
)
def test_the_package_to_install_is_named(error, package):
    with pytest.raises(MissingExtraError) as refusal, require_packages("The processor of m"):
        raise error
    assert (refusal.value.fields["package"], refusal.value.hint) == (package, f"Run: pip install {package}")
    assert "\n" not in refusal.value.message
