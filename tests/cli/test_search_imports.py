"""What a search by words imports decides how long it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.index.synthetic import add_file
from vlret.index.index import Index
from vlret.index.manifest import IndexRecipe, Manifest
from vlret.index.snapshot import Snapshot
from vlret.index.store import Store
from vlret.index.writer import IndexWriter
from vlret.models.registry import load_model

HEAVY = ("pandas", "pyarrow", "duckdb", "av", "torch", "scipy", "openvino")
CODE = f"""
import sys
from vlret.cli.app import main
try:
    main(["search", sys.argv[1], "a", "dog", "--json"])
except SystemExit as error:
    assert not error.code, error.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


def test_a_search_by_words_imports_neither_tables_nor_decoders(tmp_path: Path) -> None:
    card = load_model("vljepa-mini").card
    recipe = IndexRecipe("vljepa-mini", card, "", "float32", "auto", card.frames, "midpoint", "pyav")
    Store(tmp_path).commit(Manifest.start(recipe))
    writer = IndexWriter(Snapshot.read(Store(tmp_path)), ["/media/library"])
    add_file(writer, "a.mp4", np.eye(3, card.dim, dtype=np.float32))
    writer.commit()
    assert Index.open(tmp_path).backend.info().n_vectors == 3  # the view is made
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert '"hits"' in done.stdout
    assert done.stderr.splitlines()[-1] == "[]"
