"""`vlret demo` on the packaged samples, with a stand-in for the model."""

from __future__ import annotations

from tests.cli.conftest import vlret


def test_the_demo_shows_all_features(models, tmp_path):
    run = vlret("demo", "--out", tmp_path / "demo", "--model", models / "asked")
    assert run.code == 0, run.err
    assert "15 files found: 15 new, 0 unchanged, 0 skipped" in run.out
    for words in (
        "people walking across a square:",
        "3. Label",
        "what animal is it? ->",
        "vlret index ~/Videos",
        f"vlret serve {tmp_path / 'demo' / 'index'}",
    ):
        assert words in run.out
    page = (tmp_path / "demo" / "results.html").read_text("utf-8")
    assert page.count("<section>") == 4
    assert page.count('class="frames"') == 3 * 4 + 15
    assert page.count("data:image/jpeg;base64,") > 3 * 9 + 6  # the nine videos with three frames each
    again = vlret("demo", "--out", tmp_path / "demo", "--model", models / "asked")
    assert again.code == 0
    assert "0 new, 15 unchanged" in again.out
