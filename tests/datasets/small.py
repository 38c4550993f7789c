"""A small folder of annotation files of each set, in exactly its owner's form, and media for it."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vlret.datasets.base import BenchmarkSet, TextSet


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for key in ("k1", "k2"):
            content = json.dumps(
                {"human_caption": f"human {key}", "model_caption": "m", "category": "c"}
            ).encode()
            info = tarfile.TarInfo(f"{key}.json")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def _parquet() -> bytes:
    image = {"bytes": b"image", "path": "1.jpg"}
    rows = {
        "normal_image": [image, image], "counterfactual_image": [image, image], "question": ["Is there a dog?"] * 2,
        "normal_label": ["yes", "yes"], "counterfactual_label": ["no", "no"], "image_id": ["9", "10"],
        "example_id": ["17", "18"], "target_object": ["dog", "dog"],
    }  # fmt: skip
    packed = io.BytesIO()
    pq.write_table(pa.table(rows), packed)
    return packed.getvalue()


def _coin(task: str, step: str) -> dict[str, Any]:
    part = {"id": step, "segment": [0.0, 1.0], "label": f"step {step}"}
    return {
        "recipe_type": 1,
        "annotation": [part],
        "start": 0.0,
        "end": 2.0,
        "class": task,
        "subset": "testing",
    }


def _dream(vid: int, caption: str) -> dict[str, Any]:
    answer = {"content": [{"reference": caption, "text": "", "type": "text"}], "role": "assistant"}
    return {
        "messages": [{"content": [], "role": "user"}, answer],
        "dataset": "DREAM/x",
        "idx": vid,
        "vid": vid,
    }


def _gqa(question: str, answer: str) -> dict[str, Any]:
    types = {"detailed": "verifyAttr", "semantic": "attr", "structural": "verify"}
    return {"question": question, "imageId": "n1", "answer": answer, "types": types, "isBalanced": True}


def _changed(part: str) -> dict[str, str]:
    return {
        "filename": "1.jpg",
        "caption": f"a {part}",
        "caption2": f"one {part}",
        "negative_caption": f"no {part}",
    }


_VDC = {f"{kind}_caption": kind for kind in ("short", "background", "main_object", "camera", "detailed")}
_WORLD = {
    "id": "q", "source": "coin", "initial": {"video": "v", "time": 0.5}, "final": {"video": "v", "time": 1.5},
    "candidates": [{"video": name, "start": 0.0, "end": 1.0} for name in "abcd"], "answer": 2,
}  # fmt: skip
_EK = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes\n"
    "P01_11_0,P01,P01_11,00:00:00.5,00:00:01.50,00:00:02.00,1,9,take tap,take,0,tap,0,\"['tap']\",[0]\n"
    "P01_11_1,P01,P01_11,00:00:00.5,00:00:01.60,00:00:02.00,1,9,put spoon,put,1,spoon,1,\"['spoon']\",[1]\n"
)
_PARTS = ("replace_att", "replace_obj", "replace_rel", "swap_att", "swap_obj")
_POPE = [{"question_id": 1, "image": "COCO_val2014_1.jpg", "text": "Is there a car?", "label": "no"}]
_SPATIAL = "Best reference (Semantically close)\tReference-2 (Completely irrelevant)"

SMALL: dict[str, dict[str, Any]] = {
    "msrvtt": {
        "MSRVTT_JSFUSION_test.csv": "key,vid_key,video_id,sentence\nret0,msr1,video1,a\nret1,msr2,video2,b\n"
    },
    "activitynet": {"val_1.json": {"v_a": {"sentences": ["A.", " B."]}, "v_b": {"sentences": ["C."]}}},
    "didemo": {
        "test_data.json": [
            {"video": "1@N_2_a.mov", "description": "a"},
            {"video": "1@N_3_b.mov", "description": "b"},
        ],
        "test_list.txt": "1@N_2_a.mov\n1@N_3_b.mov\n",
    },
    "msvd": {"captions_msvd.json": {"a_1_2": ["x", "y"], "b_1_2": ["z"]}, "test_list.txt": "a_1_2\nb_1_2\n"},
    "youcook2": {"validation_youcook.csv": "end,start,task,text,video_id\n1,0,226,pick,a\n2,1,226,mix,a\n"},
    "pvd": {"test/0.tar": _tar()},
    "dream1k": {"DREAM-1k.jsonl": [_dream(1, "A ghost."), _dream(2, "A car.")]},
    "vdc1k": {
        "VDC_1k_captions.jsonl": [{"video_id": i, "video_name": i, "captions": _VDC} for i in ("a", "b")]
    },
    "flickr8k": {
        "Flickr8k.token.txt": "a.jpg#0\tOne\na.jpg#1\tTwo\nb.jpg#0\tThree\n",
        "Flickr_8k.testImages.txt": "a.jpg\nb.jpg\n",
    },
    "flickr30k": {
        "test_2016_images.txt": "a.jpg\nb.jpg\n",
        **{f"test_2016.{i}.en.gz": gzip.compress(f"A {i}.\nB {i}.\n".encode()) for i in range(1, 6)},
    },
    "coco_karpathy": {
        "coco_karpathy_test.json": [
            {"image": f"val2014/COCO_val2014_{i}.jpg", "caption": ["A. ", "B."]} for i in "12"
        ]
    },
    "ssv2": {
        "labels.json": {"Putting something": "0", "Taking something": "1"},
        "validation.json": [{"id": "7", "label": "putting cup", "template": "Putting [something]"}],
    },
    "ek100": {
        "EPIC_100_validation.csv": _EK,
        "EPIC_100_verb_classes.csv": "id,key,instances,category\n0,take,['take'],x\n1,put,['put'],x\n",
        "EPIC_100_noun_classes.csv": "id,key,instances,category\n0,tap,['tap'],x\n1,spoon,['spoon'],x\n",
    },
    "egoexo4d": {
        "keystep_segment_val.json": {"segments": [{"ego_segment_name": "val/t/a.mp4", "label_id": 1}]},
        "label_mapping.csv": "label_id,step_unique_id,step_name,scenario_name\n0,15,Stir,c\n1,8,Unbox,c\n",
    },
    "kinetics400": {
        "kinetics-400_val.csv": "label,youtube_id,time_start,time_end,split,is_cc\nyoga,-a_b,7,17,val,0\n",
        "kinetics_400_labels.csv": "id,name\n0,yoga\n1,zumba\n",
    },
    "coin": {"COIN.json": {"database": {"a": _coin("UseATM", "1"), "b": _coin("WashHair", "2")}}},
    "crosstask": {
        "tasks_primary.txt": "7\nMake Tea\nhttp://x\n2\nboil water,pour water\n",
        "annotations/7_a.csv": "1,0.0,1.0\n2,1.0,2.0\n",
        "videos.csv": "7,a,https://x\n",
    },
    "ucf101": {"classInd.txt": "1 YoYo\n2 Archery\n", "testlist01.txt": "YoYo/v_YoYo_g01_c01.avi\n"},
    "hmdb51": {
        f"testTrainMulti_7030_splits/{name}_test_split1.txt": lines
        for name, lines in {
            "brush_hair": "a.avi 2 \nb.avi 1 \n",
            **{f"class_{number}": f"{number}.avi 1 \n" for number in range(50)},
        }.items()
    },
    "imagenet": {
        "openai_imagenet_classes.json": ["tench", "goldfish"],
        "imagenet_synsets.txt": "n01440764\nn01443537\n",
        "openai_imagenet_templates.json": ["a photo of a {}.", "a drawing of a {}."],
        "LOC_val_solution.csv": "ImageId,PredictionString\nILSVRC2012_val_1,n01440764 1 2 3 4 \n",
    },
    "gqa": {
        "testdev_balanced_questions.json": {"1": _gqa("Is it dark?", "yes"), "2": _gqa("Is it wet?", "no")}
    },
    "tallyqa": {
        "test.json": [
            {"answer": n, "image": "VG_100K/1.jpg", "issimple": n == 4, "question": "How many?"}
            for n in (4, 0)
        ]
    },
    "pope": {f"coco_pope_{name}.json": _POPE for name in ("random", "popular", "adversarial")},
    "repope": {f"coco_repope_{name}.json": _POPE for name in ("random", "popular", "adversarial")},
    "popev2": {"test.parquet": _parquet()},
    "vitatecs": {
        f"{name}.jsonl": [
            {
                "src_dataset": "VATEX",
                "video_name": "a.mp4",
                "caption": "b",
                "counterfactual": "a",
                "aspect": name,
            }
        ]
        for name in ("Compositionality", "Direction", "Intensity", "Localization", "Sequence", "Type")
    },
    "sugarcrepe": {f"{part}.json": {"0": _changed(part)} for part in (*_PARTS, "add_att", "add_obj")},
    "worldprediction": {"worldprediction_wm.jsonl": [_WORLD]},
    "sugarcrepe_pp": {f"{part}.json": [_changed(part)] for part in _PARTS},
    "visla": {
        "Generic_VISLA.tsv": "filename\tcaption\tsecond positive\tnegative_caption\n1.jpg\ta\tb\tc\n",
        "Spatial_VISLA.tsv": f"image\tsent1\tsent2\t{_SPATIAL}\n1.jpg\td\te\tf\tg\n",
    },
}
SMALL["ek100_anticipation"] = SMALL["ek100"]


def write_annotations(name: str, annotations: Path, files: dict[str, Any] | None = None) -> Path:
    """Write the small files of a set, or `files` in their place, below `annotations`; its folder is returned."""
    folder = annotations / ("ek100" if name == "ek100_anticipation" else name)
    for file, content in (SMALL[name] if files is None else files).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(_bytes(file, content))
    return folder


def _bytes(file: str, content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if file.endswith(".jsonl"):
        return "".join(json.dumps(row) + "\n" for row in content).encode()
    return json.dumps(content).encode()


def write_media(found: BenchmarkSet, data: Path, video: Path, photograph: Path) -> None:
    """Copy a video of two seconds or more, or a photograph, to the first place of each medium of a set."""
    for medium in [] if isinstance(found, TextSet) else found.media:
        file = data / medium.files[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photograph if file.suffix.lower() in (".jpg", ".jpeg", ".png") else video, file)


def write_visla(folder: Path, generic: str = "Generic_VISLA.tsv") -> Path:
    """Two triples of five texts in `folder`/visla, the first in the file `generic`; returns `folder`."""
    (folder / "visla").mkdir(parents=True)
    rows = "caption\tsecond positive\tnegative_caption\nred\tone red\tblue\n"
    (folder / "visla" / generic).write_text(rows)
    rows = "sent1\tsent2\tBest reference (Semantically close)\ngreen\tone green\tblue\n"
    (folder / "visla" / "Spatial_VISLA.tsv").write_text(rows)
    return folder
