"""Measures the ranges of vljepa-mini's activations for int8: `python -m benchmarks.mini.int8 --data DIR`.

Photographs of Flickr8k's training split go through the X-encoder in float32; what each convolution reads is written
to int8.json of the model, as the mean over batches of 8 of the least and the greatest number. Then photographs of
the dev split are embedded in float32 and int8, and their cosines and text-to-image R@1 are printed.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from openvino import Core, Model, opset13
from PIL import Image

from benchmarks.console import launch
from benchmarks.mini.__main__ import DATA
from vlret.datasets.tar_set import Item, read_bytes, read_items
from vlret.media.squash import squash
from vlret.models.registry import ASSETS, load_model
from vlret.models.vljepa.checks import read_config
from vlret.models.vljepa.engines.int8_ranges import write_ranges
from vlret.models.vljepa.engines.openvino_engine import FRAMES_AT_ONCE, x_encoder_weights
from vlret.models.vljepa.engines.x_encoder_graph import Ranges, XEncoderGraph
from vlret.types import Pixels, Vectors

MINI = ASSETS / "vljepa-mini"
N_FRAMES = 320
IN_FLOAT32 = ("conv_stem", "blocks.0.")
"""The first convolutions stay in float32: in int8 they cost more than half of the exactness, and R@1."""


def main(data: Annotated[Path, typer.Option(help="Directory with photos/.")] = DATA) -> None:
    """Write the ranges, then compare int8 with float32."""
    flickr8k = data / "photos" / "flickr8k"
    train, dev = (read_items(flickr8k, split=split) for split in ("train", "dev"))
    chosen = np.linspace(0, len(train) - 1, N_FRAMES).astype(int)
    write_ranges(MINI, _ranges(_frames([train[i] for i in chosen])))
    vectors = {}
    pixels = _frames(dev)
    for dtype in ("float32", "int8"):
        model = load_model("vljepa-mini", "cpu", dtype, "openvino")
        vectors[dtype] = model.embed_clips([frame[None] for frame in pixels])
    texts = model.embed_texts([item.captions[0] for item in dev])
    cosines = (vectors["float32"] * vectors["int8"]).sum(1)
    print(
        f"{len(dev)} photographs: cosine of int8 with float32 {cosines.mean():.4f}, least {cosines.min():.4f}"
    )
    for dtype, rows in vectors.items():
        print(f"{dtype}: text to image R@1 {_recall_at_1(texts, rows):.1f}")


def _ranges(frames: Pixels) -> Ranges:
    settings = read_config(MINI)
    graph = XEncoderGraph(x_encoder_weights(MINI))
    built = graph.build(settings["resolution"], settings["image_mean"], settings["image_std"])
    watched = Model(
        [opset13.result(output) for output in graph.inputs.values()], built.get_parameters(), "ranges"
    )
    compiled = Core().compile_model(watched, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    ends = []
    for first in range(0, len(frames), FRAMES_AT_ONCE):
        read = compiled(frames[first : first + FRAMES_AT_ONCE])
        ends.append([(read[i].min(), read[i].max()) for i in range(len(graph.inputs))])
    means = np.mean(ends, axis=0).round(4).tolist()
    ranges = zip(graph.inputs, means, strict=True)
    return {name: (low, high) for name, (low, high) in ranges if not name.startswith(IN_FLOAT32)}


def _frames(items: list[Item]) -> Pixels:
    opened = (np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) for content in read_bytes(items))
    return np.concatenate([squash(picture[None], (260, 260)) for picture in opened])


def _recall_at_1(texts: Vectors, rows: Vectors) -> float:
    return float(((texts @ rows.T).argmax(1) == np.arange(len(rows))).mean() * 100)


if __name__ == "__main__":
    launch(main)
