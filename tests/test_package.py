"""What the installed package says of itself."""

import re
from importlib.metadata import metadata, version
from importlib.resources import files
from pathlib import Path

import vlret

ROOT = Path(__file__).parents[1]


def test_one_version_everywhere():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert version("vlret") == vlret.__version__ == cited[1]


def test_typed_and_described():
    assert files("vlret").joinpath("py.typed").is_file()
    about = metadata("vlret")
    assert "Typing :: Typed" in about.get_all("Classifier")
    assert "embeddings" in about["Keywords"].split(",")
