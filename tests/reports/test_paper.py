"""paper.py: what differs from the paper's protocol, and what is not known, for each set of which it has figures."""

from __future__ import annotations

import pytest

from tests.reports.bench_documents import from_json
from vlret.datasets.registry import card, names
from vlret.evaluation.results.json_codec import encode
from vlret.reports.paper import paper_differences

UNKNOWN_OF_PRECOMPUTED = dict.fromkeys(("frames", "sampling", "resize", "text_tokens", "prompts", "query"))


@pytest.fixture
def of_set(results):
    """`of_set("pope")` is a result of the set's task with the set's name and published figures."""

    def make(name: str) -> dict:
        task = card(name).task
        document = results["states" if name == "worldprediction" else task].to_json()
        published = encode(card(name).published)
        choices = dict(card(name).choices)
        document["dataset"] |= {"name": name, "published": published, "choices": choices}
        for model in document["models"]:
            model["stamp"]["protocol"]["choices"] = dict(choices)
        return document

    return make


def test_a_set_without_published_figures_has_no_sentence(of_set):
    told = {name: paper_differences(from_json(of_set(name))) for name in names()}
    assert {name for name in names() if told[name]} == {name for name in names() if card(name).published}
    assert all(sentence.endswith(".") for sentence in told.values() if sentence)


def test_anticipation_is_compared_with_fine_tuned_models(of_set):
    told = paper_differences(from_json(of_set("ek100_anticipation")))
    assert "fine-tuned for this task" in told
    assert "this run is zero-shot" in told
    assert "harness" not in told


def test_of_states_the_candidates_are_known_and_the_query_is_not(of_set):
    told = paper_differences(from_json(of_set("worldprediction")))
    assert "candidate" not in told
    assert "with what query, it does not state" in told


@pytest.mark.parametrize("name", ["gqa", "tallyqa", "pope", "popev2"])
def test_of_questions_nothing_is_claimed(of_set, name):
    told = paper_differences(from_json(of_set(name)))
    assert told.startswith("The paper (arXiv 2512.10942) states neither candidate answers nor crops")
    assert told.endswith("it is unknown whether they agree with this run's.")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("msvd", "how several captions of a clip count"),
        ("vdc1k", "which of the five captions it took"),
        ("visla", "how the 12 spatial rows"),
    ],
)
def test_what_else_a_set_leaves_open_is_named(of_set, name, told):
    assert f", nor {told}" in paper_differences(from_json(of_set(name)))


def test_of_texts_the_rule_is_the_paper_s(of_set):
    document = of_set("sugarcrepe_pp")
    assert "by the same rule" in paper_differences(from_json(document))
    assert "This run differs" not in paper_differences(from_json(document))
    assert "computed is not known" not in paper_differences(from_json(document))


@pytest.mark.parametrize("name", ["kinetics400", "ssv2"])
def test_how_precomputed_embeddings_were_computed_is_not_known(of_set, name):
    document = of_set(name)
    for model in document["models"]:
        model["stamp"]["protocol"] |= UNKNOWN_OF_PRECOMPUTED
        model["no_vector_texts"] = []
    told = paper_differences(from_json(document))
    assert told.endswith("How the embeddings of colour, swaps_<b>|$x$& were computed is not known.")
    assert "differs in" not in told
    assert "nothing that is known" not in told


def test_beside_a_model_precomputed_embeddings_are_named(of_set):
    document = of_set("msrvtt")
    document["models"][1]["stamp"]["protocol"] |= UNKNOWN_OF_PRECOMPUTED
    document["models"][1]["no_vector_texts"] = []
    told = paper_differences(from_json(document))
    assert "frames at the midpoints" in told
    assert told.endswith("How the embeddings of swaps_<b>|$x$& were computed is not known.")


def test_a_run_like_the_harness_says_so(of_set):
    document = of_set("ssv2")
    for model in document["models"]:
        model["stamp"]["protocol"] |= {"sampling": "endpoints", "resize": "squash"}
    assert paper_differences(from_json(document)).endswith("this run differs in: nothing that is known.")


@pytest.mark.parametrize(
    ("prompts", "told"), [(["{}"], "class names alone, not in templates"), (["a {}"], "other templates")]
)
def test_templates_of_the_user_are_not_taken_for_names_alone(of_set, prompts, told):
    document = of_set("kinetics400")
    for model in document["models"]:
        model["stamp"]["protocol"]["prompts"] = prompts
        model["stamp"]["protocol"]["choices"].pop("prompts", None)  # `--prompt` takes the choice's place
    assert told in paper_differences(from_json(document))


def test_what_differs_in_retrieval(of_set):
    document = of_set("msvd")
    for model in document["models"]:
        model["stamp"]["protocol"] |= {"rerank": ["pe_reweighting"]}
        model["stamp"]["protocol"]["choices"] = {"captions": "one", "trimmed": "a.first5.json"}
    document["texts"][4]["text"] = "a red wall"  # of another medium
    told = paper_differences(from_json(document))
    assert "plain cosine in all rows but those of pe_reweighting" in told
    assert "one caption per clip, not all" in told
    assert "equal captions of several items right for their own item only" in told
    assert "incomplete annotation files" in told


@pytest.mark.parametrize(("rule", "told"), [("wrong", "counted as wrong"), ("excluded", "left out")])
def test_what_cannot_be_decoded_is_not_replaced(of_set, rule, told):
    document = of_set("ssv2")
    document["models"][0]["stamp"]["set"]["undecodable"] = ["a"]
    for model in document["models"]:
        model["stamp"]["protocol"]["undecodable"] = rule
    assert f"items that cannot be decoded {told}, not replaced by another" in paper_differences(
        from_json(document)
    )
