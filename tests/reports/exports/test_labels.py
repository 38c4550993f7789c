"""coco.py, fiftyone.py, label_studio.py: labels for other tools."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
from pycocotools.coco import COCO

from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.write_export import write_export


@pytest.fixture
def labelled(shots) -> list[ExportClip]:
    """Two labels of a video (29.97 frames a second), one of an image."""
    return [
        ExportClip(shots["plain"], 0.0, 1.0, "cat", 0.3, 0.75),
        ExportClip(shots["picture"], 0.0, 0.0, "dog", 0.2, 0.5),
        ExportClip(shots["plain"], 1.001, None, "dog", 0.25),
    ]


def read(clips, name):
    return json.loads(write_export(clips, name, "Labels"))


def test_coco(labelled, shots):
    image = {"image_id": 2, "bbox": [0, 0, 40, 30], "area": 1200, "iscrowd": 0}
    first = {"video_id": 1, "start": 0.0, "end": 1.0, "start_frame": 0, "end_frame": 30}
    second = {"video_id": 1, "start": 1.001, "end": 2.002, "start_frame": 30, "end_frame": 60}
    assert read(labelled, "coco.json") == {
        "info": {"description": "Labels"},
        "licenses": [],
        "videos": [
            {"id": 1, "file_name": str(shots["plain"]), "width": 128, "height": 96, "length": 60, "fps": 30000 / 1001}
        ],
        "images": [{"id": 2, "file_name": str(shots["picture"]), "width": 40, "height": 30}],
        "annotations": [
            {"id": 1, "category_id": 1, **first, "score": 0.75},
            {"id": 2, "category_id": 2, **image, "score": 0.5},
            {"id": 3, "category_id": 2, **second, "score": 0.25},
        ],
        "categories": [{"id": 1, "name": "cat", "supercategory": ""}, {"id": 2, "name": "dog", "supercategory": ""}],
    }  # fmt: skip


def test_pycocotools_reads_the_labels_of_images(labelled, tmp_path):
    file = tmp_path / "a.coco.json"
    file.write_bytes(write_export(labelled[1:2], "coco.json", "Labels"))
    with contextlib.redirect_stdout(io.StringIO()):
        found = COCO(file)
    (dog,) = found.getCatIds(catNms=["dog"])
    (image,) = found.getImgIds(catIds=[dog])
    assert found.loadImgs([image])[0]["width"] == 40
    assert found.loadAnns(found.getAnnIds(imgIds=[image]))[0]["bbox"] == [0, 0, 40, 30]


def test_fiftyone(labelled, shots, caplog):
    assert read(labelled, "fiftyone.json") == {
        "labels": {
            str(shots["plain"]): [
                {"label": "cat", "confidence": 0.75, "timestamps": [0.0, 1.0]},
                {"label": "dog", "confidence": 0.25, "timestamps": [1.001, 2.002]},
            ]
        }
    }
    assert "A dataset of FiftyOne is of videos or of images: labels of images left out: 1" in caplog.text


def test_fiftyone_of_images(labelled, shots):
    expected = {str(shots["picture"]): {"label": "dog", "confidence": 0.5}}
    assert read(labelled[1:2], "fiftyone.json") == {"labels": expected}


def test_label_studio(labelled, shots, caplog):
    """Frames count from 1, and the last one belongs to the range."""
    (task,) = read(labelled, "labelstudio.json")
    assert task["data"] == {"video": f"/data/local-files/?d={str(shots['plain'])[1:]}", "fps": 30000 / 1001}
    (prediction,) = task["predictions"]
    common = {"type": "timelinelabels", "from_name": "label", "to_name": "video"}
    first, second = [{"start": 1, "end": 30}], [{"start": 31, "end": 60}]
    assert prediction == {
        "model_version": "vlret",
        "result": [
            {"id": "1", "score": 0.75, **common, "value": {"ranges": first, "timelinelabels": ["cat"]}},
            {"id": "2", "score": 0.25, **common, "value": {"ranges": second, "timelinelabels": ["dog"]}},
        ],
    }  # fmt: skip
    assert "A dataset of Label Studio is of videos or of images" in caplog.text


def test_label_studio_of_images(labelled, shots):
    (task,) = read(labelled[1:2], "labelstudio.json")
    assert task["data"] == {"image": f"/data/local-files/?d={str(shots['picture'])[1:]}"}
    (result,) = task["predictions"][0]["result"]
    assert result["value"] == {"choices": ["dog"]}
    assert (result["type"], result["from_name"], result["to_name"]) == ("choices", "label", "image")


def test_label_studio_escapes_addresses(tmp_path, shots):
    path = tmp_path / "a b&c=d?#.mp4"
    path.write_bytes(shots["plain"].read_bytes())
    (task,) = read([ExportClip(path, 0.0, 1.0, "cat")], "labelstudio.json")
    assert task["data"]["video"].endswith("/a%20b%26c%3Dd%3F%23.mp4")
