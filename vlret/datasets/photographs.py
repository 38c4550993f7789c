"""Flickr8k, Flickr30k and COCO captions: photographs with five captions each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import coco_files, in_folders, retrieval, with_captions
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import find, parse_rows, read_json, read_lines, read_table, read_text, text_of

Pairs = list[tuple[Media, str]]
_MULTI30K = "test_2016.*.en.gz"
_IN_TRAINING = "{} of these 1,000 photographs are in its training split"
"""Counted by the numbers that begin their names in both sets."""


def flickr8k_card(split: str = "test") -> SetCard:
    """Card of the 1,000 photographs of the test or the dev list."""
    return SetCard(
        name="flickr8k", title="Flickr8k", task="retrieval", split=split,
        licence="research only (Hodosh et al.)", source="captions and photographs: Hodosh et al. 2013",
        annotations=(
            "Flickr8k.token.txt | captions.txt | dataset_flickr8k.json",
            f"Flickr_8k.{split}Images.txt | dataset_flickr8k.json",
        ),
        metric="R@1", frames=1, choices={"split": split},
        overlaps={"Flickr8k": "", "Flickr30k": _IN_TRAINING.format({"test": 871, "dev": 867}[split])},
    )  # fmt: skip


def read_flickr8k(folder: Path, card: SetCard) -> RetrievalSet:
    """Five captions a photograph from the owner's files, the table on Kaggle, or Karpathy's JSON."""
    file = find(folder, card.annotations[0])[0]
    if file.name == "dataset_flickr8k.json":
        return retrieval(card, _karpathy(file, card.choices["split"]))
    captions: dict[str, list[str]] = {}
    for name, caption in _flickr8k_captions(file):
        captions.setdefault(name, []).append(caption)
    card, photographs = with_captions(card, read_lines(find(folder, card.annotations[1])[0]), captions)
    return retrieval(card, [(_photograph(name), text) for name in photographs for text in captions[name]])


def _flickr8k_captions(file: Path) -> list[tuple[str, str]]:
    if file.name == "captions.txt":
        rows = read_table(file, ("image", "caption"))
        return parse_rows(file, rows, lambda row: (row["image"], text_of(row["caption"])))
    return parse_rows(file, read_lines(file), _token_line)


def _token_line(line: str) -> tuple[str, str]:
    key, tab, caption = line.partition("\t")
    if not tab or "#" not in key:
        raise ValueError("'photograph#number<tab>caption' is expected")
    return key.rsplit("#", 1)[0], text_of(caption)


def flickr30k_card() -> SetCard:
    """Card of the 1,000 test photographs of Karpathy's split."""
    return SetCard(
        name="flickr30k", title="Flickr30k", task="retrieval", split="test",
        licence="research and education, not commercial",
        source="captions: multi30k/dataset (task2), Karpathy's or BLIP's JSON; photographs: the owner's form",
        annotations=(
            f"{_MULTI30K} | dataset_flickr30k.json | flickr30k_test.json",
            "test_2016_images.txt | dataset_flickr30k.json | flickr30k_test.json",
        ),
        metric="R@1", frames=1, n_files={_MULTI30K: 5},
        overlaps={"Flickr30k": "", "Flickr8k": _IN_TRAINING.format(173)},
    )  # fmt: skip


def read_flickr30k(folder: Path, card: SetCard) -> RetrievalSet:
    """Five captions a photograph; Multi30k has them in another order than Karpathy."""
    files = find(folder, card.annotations[0], card.n_files)
    if files[0].suffix != ".gz":
        return retrieval(card, _karpathy(files[0], "test"))
    photographs = find(folder, card.annotations[1])[0]
    names, captions = read_lines(photographs), [read_text(file).rstrip("\n").split("\n") for file in files]
    columns = parse_rows(photographs, captions, lambda column: list(zip(names, column, strict=True)))
    return retrieval(
        card, [(_photograph(row[0][0]), text_of(t)) for row in zip(*columns, strict=True) for _, t in row]
    )


def coco_card(captions: str = "all") -> SetCard:
    """Card of Karpathy's 5,000 test photographs; ten of them have six captions."""
    return SetCard(
        name="coco_karpathy", title="COCO captions", task="retrieval", split="Karpathy test 5K",
        licence="captions: CC BY 4.0; photographs: Flickr's terms",
        source="captions: Karpathy's dataset_coco.json or BLIP's coco_karpathy_test.json; photographs: COCO val2014",
        annotations=("coco_karpathy_test.json | dataset_coco.json",), metric="R@1", frames=1,
        choices={"captions": captions}, overlaps={"COCO": "", "COCO captions": ""},
    )  # fmt: skip


def read_coco(folder: Path, card: SetCard) -> RetrievalSet:
    """All captions of each photograph, or its first five."""
    file = find(folder, card.annotations[0])[0]
    return retrieval(card, _karpathy(file, "test", 5 if card.choices["captions"] == "five" else None))


def _karpathy(file: Path, split: str, most: int | None = None) -> Pairs:
    """Karpathy's JSON (`images`, a split each) or BLIP's list of one split, at most `most` captions each."""
    if read_text(file).lstrip().startswith("["):
        photographs = parse_rows(file, read_json(file, list), lambda row: (row["image"], row["caption"]))
    else:
        rows = [
            row
            for row in read_json(file, list, "images")
            if not isinstance(row, dict) or row.get("split") == split
        ]
        photographs = parse_rows(file, rows, _karpathy_row)
    return [
        pair
        for row in parse_rows(file, photographs, lambda row: _captioned(row[0], row[1], most))
        for pair in row
    ]


def _karpathy_row(row: dict[str, Any]) -> tuple[str, list[str]]:
    return row["filename"], [sentence["raw"] for sentence in row["sentences"]]


def _captioned(name: str, captions: list[str], most: int | None) -> Pairs:
    if not isinstance(captions, list):
        raise ValueError(f"the captions of {name} are not a list")
    return [(_photograph(name.rsplit("/", 1)[-1]), text_of(caption)) for caption in captions[:most]]


def _photograph(name: str) -> Media:
    if name.startswith("COCO_"):
        return Media(name, coco_files(name, "val2014"))
    return Media(name, in_folders(name, "Images", "images", "Flicker8k_Dataset", "flickr30k-images"))


FLICKR8K = Adapter(flickr8k_card, read_flickr8k, {"split": ("test", "dev")})
FLICKR30K = Adapter(flickr30k_card, read_flickr30k)
COCO = Adapter(coco_card, read_coco, {"captions": ("all", "five")})
