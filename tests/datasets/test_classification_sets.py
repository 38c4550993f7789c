"""Classification sets: the documented forms and what is easily read wrongly in each."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.datasets.base import ClassificationSet
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load, options

from .conftest import Put


def labelled(found: ClassificationSet) -> list[tuple[str, str]]:
    """Names of the media with the text of their only class."""
    return [(m.id, found.classes[label]) for m, (label,) in zip(found.media, found.labels, strict=True)]


def times(found: ClassificationSet) -> list[tuple[float, float | None]]:
    return [(medium.start, medium.end) for medium in found.media]


@pytest.mark.parametrize("packaging", ["labels.json+validation.json", "something-something-v2-{}"])
def test_ssv2_takes_the_template_without_brackets(put: Put, tmp_path: Path, packaging: str):
    names = ["labels.json", "validation.json"]
    if "{}" in packaging:
        names = [packaging.format(name) for name in names]
    put(f"ssv2/{names[0]}", {"Putting something onto something": "10", "Bending something": "9"})
    row = {"id": "74225", "label": "bending spoon", "template": "Putting [something] onto [something]"}
    put(f"ssv2/{names[1]}", [row])
    found = load("ssv2", tmp_path)
    assert labelled(found) == [("74225", "Putting something onto something")]
    assert found.classes == ["Bending something", "Putting something onto something"]
    assert found.media[0].files[0] == "74225.webm"
    assert load("ssv2", tmp_path, something="dropped").classes == ["Bending", "Putting onto"]


def test_ssv2_names_the_row_of_an_unknown_template(put: Put, tmp_path: Path):
    put("ssv2/labels.json", {"Bending something": "0"})
    put(
        "ssv2/validation.json",
        [{"id": "1", "template": "Bending [something]"}, {"id": "2", "template": "Flying"}],
    )
    with pytest.raises(
        DatasetError, match=r"validation.json, row 2: the template 'Flying' is not one of the 1 known"
    ):
        load("ssv2", tmp_path)


EK_HEADER = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,"
    "stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes\n"
)
EK_ROWS = (
    "P01_11_0,P01,P01_11,00:00:00.560,00:00:00.50,00:00:01.89,1,113,take plate,take,0,plate,2,\"['plate', 'b']\",[2]\n"
    "P01_11_1,P01,P01_11,00:01:01.700,00:01:01.56,00:01:02.45,93,147,put in vanilla,put-in,1,x,7,['x'],[7]\n"
)
EK_TRAIN = "P02_01_0,P02,P02_01,00:00:00.560,00:00:00.00,00:00:01.89,1,9,take vanilla,take,0,x,7,['x'],[7]\n"


@pytest.fixture
def ek100(put: Put) -> None:
    put(
        "ek100/EPIC_100_verb_classes.csv",
        "id,key,instances,category\n0,take,\"['get']\",r\n1,put-in,['put'],r\n",
    )
    put(
        "ek100/EPIC_100_noun_classes.csv",
        "id,key,instances,category\n2,plate,['plate'],c\n7,extract:vanilla,['x'],c\n9,machine:sous:vide,['y'],c\n",
    )
    put("ek100/EPIC_100_validation.csv", EK_HEADER + EK_ROWS)


@pytest.mark.usefixtures("ek100")
def test_ek100_turns_keys_into_words(tmp_path: Path):
    found = load("ek100", tmp_path)
    assert labelled(found) == [("P01_11_0", "take plate"), ("P01_11_1", "put in vanilla extract")]
    assert times(found) == [(0.5, 1.89), (61.56, 62.45)]
    assert "P01/videos/P01_11.MP4" in found.media[0].files
    assert load("ek100", tmp_path, target="verb").classes == ["take", "put in"]
    assert load("ek100", tmp_path, target="noun").classes == ["plate", "vanilla extract", "sous vide machine"]
    assert load("ek100", tmp_path, text="narration").classes == ["take plate", "put in vanilla"]


@pytest.mark.usefixtures("ek100")
def test_ek100_candidates_are_a_choice_of_actions_only(put: Put, tmp_path: Path):
    with pytest.raises(DatasetError, match=r"EPIC_100_train.csv"):
        load("ek100", tmp_path, candidates="train+validation")
    put("ek100/EPIC_100_train.csv", EK_HEADER + EK_TRAIN)
    found = load("ek100", tmp_path, candidates="train+validation")
    assert found.classes == ["take plate", "take vanilla extract", "put in vanilla extract"]
    assert len(found.media) == 2
    assert found.card.choices["candidates"] == "train+validation"
    assert set(load("ek100", tmp_path, target="verb").card.choices) == {"target"}


@pytest.mark.usefixtures("ek100")
@pytest.mark.parametrize(("tau", "span"), [("1", (56.56, 60.56)), ("10", (47.56, 51.56))])
def test_anticipation_ends_tau_before_the_action(tmp_path: Path, tau: str, span: tuple[float, float]):
    found = load("ek100_anticipation", tmp_path, tau=tau)
    assert [medium.id for medium in found.media] == ["P01_11_1"]  # the other starts within a second
    assert times(found)[0] == pytest.approx(span)
    assert found.card.choices["left out"] == "1 of 2"
    assert found.card.metric == "class-mean recall@5"
    assert len(found.classes) == 2


@pytest.mark.usefixtures("ek100")
def test_anticipation_has_its_published_figures_for_each_tau(tmp_path: Path):
    assert options("ek100_anticipation")["tau"] == ("1", "2", "4", "10")
    figures = {
        tau: load("ek100_anticipation", tmp_path, tau=tau, context="16").card.published[-1].value
        for tau in ("1", "10")
    }
    assert figures == {"1": 34.2, "10": 11.7}


@pytest.mark.data
def test_anticipation_counts_of_the_real_file(annotations: Path):
    left = {tau: load("ek100_anticipation", annotations, tau=tau) for tau in ("1", "10")}
    assert all(len(f.media) + int(f.card.choices["left out"].split()[0]) == 9668 for f in left.values())
    assert len(left["10"].media) < len(left["1"].media) < 9668


SEGMENT = {
    "segment_name_list": ["val/t/start0.8_end33.2_cam01.mp4"],
    "ego_segment_name": "val/t/start0.8_end33.2_aria02_214-1.mp4",
    "take_uid": "u", "take_name": "t", "start_time": 0.8, "end_time": 33.2,
    "step_unique_id": 843, "label_id": 1, "step_name": "Unbox package",
}  # fmt: skip
MAPPING = "label_id,step_unique_id,step_name\n0,1567,Stir the mixture\n1,843,Unbox package\n"


def test_egoexo4d_goes_by_label_id_and_the_ego_view(put: Put, tmp_path: Path):
    put("egoexo4d/keystep_segment_val.json", {"splits": "val", "segments": [SEGMENT]})
    put("egoexo4d/label_mapping.csv", MAPPING)
    found = load("egoexo4d", tmp_path)
    assert labelled(found) == [(SEGMENT["ego_segment_name"], "Unbox package")]
    assert found.classes == ["Stir the mixture", "Unbox package"]
    assert times(found) == [(0.0, None)]  # the clips are cut already
    assert load("egoexo4d", tmp_path, candidates="present").classes == ["Unbox package"]


@pytest.mark.data
def test_egoexo4d_rows_of_the_docs_are_read_as_far_as_they_go(annotations: Path, put: Put, tmp_path: Path):
    real = annotations / "egoexo4d"
    put("egoexo4d/keystep_segment_val.json", (real / "keystep_segment_train.one_real_row.json").read_bytes())
    put("egoexo4d/label_mapping.three.csv", (real / "label_mapping.three_real_rows.csv").read_bytes())
    with pytest.raises(DatasetError, match=r"row 1: label_id 35 is not one of the 3 known"):
        load("egoexo4d", tmp_path)


K400 = "label,youtube_id,time_start,time_end,split\nmassaging person's head,-a_b,7,17,val\nabseiling,-a_b,27,37,val\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("val.csv", K400),
        ("kinetics400_val_list.txt", "val/-a_b_000007_000017.mp4 1\nval/-a_b_000027_000037.mp4 0\n"),
    ],
)
@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ("kinetics_400_labels.csv", 'id,name\n1,"massaging person\'s head"\n0,abseiling\n'),
        ("label_map_k400.txt", "abseiling\nmassaging person's head\n"),
    ],
)
def test_kinetics_in_each_form(put: Put, tmp_path: Path, name: str, content: str, labels: str, text: str):
    put(f"kinetics400/{name}", content)
    put(f"kinetics400/{labels}", text)
    found = load("kinetics400", tmp_path)
    assert labelled(found) == [
        ("-a_b_000007_000017", "massaging person's head"),
        ("-a_b_000027_000037", "abseiling"),
    ]
    assert {"val/-a_b_000007_000017.mp4", "massaging_person's_head/-a_b_000007_000017.mp4"} <= set(
        found.media[0].files
    )


@pytest.mark.data
def test_kinetics_labels_are_the_same_in_both_lists(annotations: Path, put: Put, tmp_path: Path):
    for name in ("kinetics-400_val.csv", "label_map_k400.txt"):
        put(f"kinetics400/{name}", (annotations / "kinetics400" / name).read_bytes())
    one, other = load("kinetics400", annotations), load("kinetics400", tmp_path)
    assert (one.classes, one.labels) == (other.classes, other.labels)


@pytest.mark.data
@pytest.mark.parametrize(("name", "count"), [("kinetics400", 28), ("ucf101", 48), ("hmdb51", 48)])
def test_templates_are_read_from_the_file_of_perception_encoder(annotations: Path, name: str, count: int):
    found = load(name, annotations, prompts="templates")
    assert len(found.card.prompts) == count
    assert all(prompt.count("{}") == 1 for prompt in found.card.prompts)
    assert load(name, annotations).card.prompts == ("{}",)


def test_ucf101_class_is_the_folder_and_lines_may_end_as_on_old_macs(put: Put, tmp_path: Path):
    put("ucf101/classInd.txt", "1 ApplyEyeMakeup\r2 HandstandPushups\r")
    put("ucf101/testlist01.txt", "HandstandPushups/v_HandStandPushups_g01_c01.avi\r")
    put("ucf101/trainlist01.txt", "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r")
    found = load("ucf101", tmp_path)
    assert labelled(found) == [("HandstandPushups/v_HandStandPushups_g01_c01.avi", "handstand pushups")]
    assert "v_HandStandPushups_g01_c01.avi" in found.media[0].files
    assert len(load("ucf101", tmp_path, split="all").media) == 2


def test_hmdb51_takes_2_as_test_and_0_as_unused(put: Put, tmp_path: Path):
    lines = "a #1 b.avi 1 \nc;d.avi 2 \ne.avi 0 \n"
    put("hmdb51/testTrainMulti_7030_splits/brush_hair_test_split1.txt", lines)
    assert labelled(load("hmdb51", tmp_path)) == [("brush_hair/c;d.avi", "brush hair")]
    put("hmdb51/hmdb51.csv", "video_id,label,split1,split2,split3\na #1 b.avi,brush_hair_test,1,2,0\n")
    assert labelled(load("hmdb51", tmp_path, split="2")) == [("brush_hair/a #1 b.avi", "brush hair")]


@pytest.mark.data
def test_hmdb51_split_1_is_the_same_in_lists_and_table(annotations: Path, put: Put, tmp_path: Path):
    put("hmdb51/hmdb51.csv", (annotations / "hmdb51/hmdb51.csv").read_bytes())
    assert set(labelled(load("hmdb51", tmp_path))) == set(labelled(load("hmdb51", annotations)))
