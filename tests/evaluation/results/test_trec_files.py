"""The run and qrels that a result writes give, through TREC's own program, the figures of its table."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.conftest import Counting
from tests.evaluation.sets import card, classification_set, media, retrieval_set, text_set, vqa_set
from vlret.datasets.base import Media, RetrievalSet, StateChoice, StateSet
from vlret.datasets.registry import load
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.metrics.rerank import RERANKERS
from vlret.evaluation.protocol.protocol import protocol_for
from vlret.evaluation.results.export import write_result
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.runner import run
from vlret.evaluation.tasks.registry import task_of

pytrec_eval = pytest.importorskip("pytrec_eval")
CUTS = (1, 5, 10)
MEASURES = {"success_1,5,10", "recall_1,5,10", "ndcg_cut_10", "map"}


def random_vectors(made, file, noise=2.0, dim=16):
    """Clips drawn at random, texts near them; texts of equal words are one vector."""
    rng = np.random.default_rng(0)
    clips, more = rng.normal(size=(len(made.media), dim)), rng.normal(size=(len(made.texts), dim))
    rows = [("media", medium.id, row) for medium, row in zip(made.media, clips, strict=True)]
    near = {text: clips[o] + noise * n for text, o, n in zip(made.texts, made.owner, more, strict=True)}
    rows += [("text", text, row) for text, row in near.items()]
    pd.DataFrame(rows, columns=["kind", "key", "vector"]).to_parquet(file)
    return PrecomputedEmbeddings(file)


def made_set(n_clips, n_captions):
    """Clips with 1 to `n_captions` captions each, all different."""
    owner = [clip for clip in range(n_clips) for _ in range(1 + clip % n_captions)]
    texts = [f"caption {number} of {clip}" for number, clip in enumerate(owner)]
    return RetrievalSet(
        card("retrieval"), [Media(f"v {i}", (f"{i}.mp4",)) for i in range(n_clips)], texts, owner
    )


def msvd(annotations):
    """The first 60 clips of MSVD's own annotations, without captions that stand with two of them."""
    whole = load("msvd", annotations)
    made = task_of(whole).without({medium.id for medium in whole.media[60:]}).dataset
    n_owners = Counter(text for text, _ in set(zip(made.texts, made.owner, strict=True)))
    kept = [i for i, text in enumerate(made.texts) if n_owners[text] == 1]
    return replace(made, texts=[made.texts[i] for i in kept], owner=[made.owner[i] for i in kept])


def figures_of_files(document, part, folder):
    """Each figure as TREC's program gives it, in per cent, over the queries of the qrels."""
    stem = part.name.replace(" ", "-")
    rerank = "" if part.rerank == "none" else f"_{part.rerank}"
    with (folder / f"{stem}.qrels").open() as file:
        truth = pytrec_eval.parse_qrel(file)
    with (folder / f"{document.models[0].name}_{stem}{rerank}.trec").open() as file:
        found = pytrec_eval.RelevanceEvaluator(truth, MEASURES).evaluate(pytrec_eval.parse_run(file))
    assert len(truth) == part.queries
    names = {f"hit@{k}": f"success_{k}" for k in CUTS} | {f"recall@{k}": f"recall_{k}" for k in CUTS}
    names |= {"nDCG@10": "ndcg_cut_10", "mAP": "map"}
    return {ours: 100 * sum(q[theirs] for q in found.values()) / len(truth) for ours, theirs in names.items()}


@pytest.mark.parametrize("made", [made_set(60, 20), made_set(9, 1)], ids=["60 clips", "9 clips"])
def test_every_run_gives_the_figures_of_the_table(made, tmp_path):
    check_files(made, tmp_path)


@pytest.mark.data
def test_every_run_over_annotations_of_msvd_gives_the_figures_of_the_table(data_dir, tmp_path):
    check_files(msvd(data_dir / "annotations"), tmp_path)


def check_files(made, tmp_path):
    model = random_vectors(made, tmp_path / "own.parquet")
    protocol = protocol_for(made.card, rerank=tuple(RERANKERS))
    document = run(made, None, [model], protocol)
    write_result(document, tmp_path)
    parts = document.models[0].sections
    assert [part.rerank for part in parts] == ["none", "dual_softmax", "pe_reweighting", "qb_norm"] * 2
    for part in parts:
        theirs = figures_of_files(document, part, tmp_path)
        whole = part.pool <= 10  # a run has the first ten items, average precision needs all
        ours = {name: part.figures[name].value for name in theirs if name in part.figures}
        for name in set(ours) - (set() if whole else {"mAP"}):
            assert theirs[name] == pytest.approx(ours[name], abs=2e-5), (part.name, part.rerank, name)
        assert theirs["mAP"] <= ours["mAP"] + 2e-5
    different = {part.figures["nDCG@10"].value for part in parts[:4]}
    assert len(different) > 1


def test_scores_that_differ_in_double_precision_alone_keep_their_order(painted, tmp_path):
    """TREC's program holds scores in single precision and would order equal ones by name."""
    document = run(retrieval_set(), painted, [Counting()], protocol_for(retrieval_set().card), cache=tmp_path)
    values = document.to_json()
    own = values["models"][0]["parts"][0]["per_query"]
    own["top"] = [*[[3, 0, 2, 1]] * 4, []]
    own["top_scores"] = [[0.1 + 3e-12, 0.1 + 2e-12, 0.1 + 1e-12, 0.1], [3e-90, 2e-90, 1e-90, 0.0],
                         [0.3, 0.2, 0.2, 0.1], [2.0, 2.0, 2.0, 2.0], []]  # fmt: skip
    write_result(BenchResult.from_json(values), tmp_path / "out")
    with (tmp_path / "out" / "counting_text-to-video.trec").open() as file:
        scores = pytrec_eval.parse_run(file)
    kept = [[np.float32(row[name]) for name in ("grey", "red", "blue", "green")] for row in scores.values()]
    assert all(row[0] > row[1] > row[2] > row[3] for row in kept[:2])
    assert kept[2] == [np.float32(x) for x in (0.3, 0.2, 0.2, 0.1)]
    assert len(set(kept[3])) == 1
    assert len(scores) == 4  # a query without a vector has no line


def test_every_task_has_its_qrels(painted, tmp_path):
    states = StateSet(card("vqa"), media("red", "green"), [StateChoice(0, 0, (1, 0), 1)])
    several = replace(classification_set(), labels=[(0, 2), (1,), (2,), (3,), (0,), (2,)])
    lines = {}
    for name, made in (("classes", several), ("vqa", vqa_set()), ("states", states), ("text", text_set())):
        document = run(made, painted, [Counting()], protocol_for(made.card), cache=tmp_path / "c")
        write_result(document, tmp_path / name)
        lines[name] = [file.read_text().splitlines() for file in (tmp_path / name).glob("*.qrels")]
    assert lines["classes"][0][:3] == ["red 0 red 1", "red 0 blue 1", "green 0 green 1"]
    assert lines["vqa"] == [
        ["questions-0 0 yes 1", *(f"questions-{i} 0 no 1" for i in (1, 2, 3)), "questions-4 0 green 1"]
    ]
    assert lines["states"] == [["questions-0 0 red 1"]]
    assert lines["text"] == []
