"""Speed and vectors of vljepa-mini's X-encoder by engine and number format: `python -m benchmarks.engines`.

Frames of the sample media go through PyTorch, OpenVINO and ONNX Runtime in turns, so that a busy moment meets them
all; ratios are to PyTorch float32 (channels_last, batch norms folded). `--avx2` restricts every library to AVX2 and
prints the kernels that OpenVINO really chose. ONNX Runtime is measured only where onnxruntime and onnx are installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.console import launch
from vlret.models.registry import ASSETS
from vlret.types import Pixels, Vectors

Encode = Callable[[Pixels], Vectors]
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # PyTorch's and OpenVINO's
    "OV_CPU_MAX_ISA": "AVX2",  # of OpenVINO's own kernels
}
ROUNDS = 15


def main(
    avx2: Annotated[bool, typer.Option(help="Restrict the libraries to AVX2.")] = False,
    threads: Annotated[int, typer.Option(help="Threads of every library.")] = 2,
    rounds: Annotated[int, typer.Option(help="Measurements of each.")] = ROUNDS,
    measure: Annotated[bool, typer.Option("--measure", hidden=True)] = False,
) -> None:
    """Measure all engines at batches of 1 and 8 frames."""
    if measure:
        print(_table(threads, rounds))
        return
    arguments = ["--measure", "--threads", str(threads), "--rounds", str(rounds)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), **(AVX2 if avx2 else {})}
    # a process of its own: the libraries read these variables when they are loaded
    sys.exit(
        subprocess.run(
            [sys.executable, "-m", "benchmarks.engines", *arguments], check=False, env=environment
        ).returncode
    )


def _table(threads: int, rounds: int) -> str:
    frames = _frames()
    engines = dict(_engines(threads))
    expected = engines["torch float32"](frames)
    lines = [
        f"{threads} threads, instruction sets: {_instruction_sets()}",
        "| engine | ms a frame, batch 1 | ratio | batch 8 | ratio | cosine, least | mean |",
        "|---|---|---|---|---|---|---|",
    ]
    times = {n: _interleaved(engines, frames[:n], rounds) for n in (1, 8)}
    for name, encode in engines.items():
        cosines = _cosines(encode(frames), expected)
        cells = [f"{times[n][name]:.1f} | {times[n]['torch float32'] / times[n][name]:.2f}" for n in (1, 8)]
        lines.append(f"| {name} | {' | '.join(cells)} | {cosines.min():.5f} | {cosines.mean():.5f} |")
    return "\n".join(lines)


def _interleaved(engines: dict[str, Encode], frames: Pixels, rounds: int) -> dict[str, float]:
    """The median of milliseconds a frame."""
    taken: dict[str, list[float]] = {name: [] for name in engines}
    for encode in engines.values():
        encode(frames)
    for _ in range(rounds):
        for name, encode in engines.items():
            start = time.perf_counter()
            encode(frames)
            taken[name].append((time.perf_counter() - start) / len(frames) * 1000)
    return {name: float(np.median(values)) for name, values in taken.items()}


def _frames() -> Pixels:
    """Frames uint8 [n, 260, 260, 3] of the sample media."""
    from vlret.media.decode import read_clip

    files = sorted((ASSETS / "samples").glob("*/*.*"))
    return np.concatenate([read_clip(file, 4 if file.parent.name == "videos" else 1, size=(260, 260)).pixels
                           for file in files])  # fmt: skip


def _engines(threads: int) -> Iterator[tuple[str, Encode]]:
    from vlret.models.registry import load_model
    from vlret.models.vljepa.engines.openvino_engine import computes_bfloat16

    for engine in ("torch", "openvino"):
        for dtype in ("float32", "bfloat16", *(["int8"] if engine == "openvino" else [])):
            if dtype != "bfloat16" or engine == "torch" or computes_bfloat16():
                model = load_model("vljepa-mini", "cpu", dtype, engine)

                def encode(frames: Pixels, model: Any = model) -> Vectors:
                    return np.concatenate(model.encode_pixels([frame[None] for frame in frames]))

                yield f"{engine} {dtype}", encode
    if find_spec("onnxruntime") and find_spec("onnx"):
        yield from _onnx(threads)


def _onnx(threads: int) -> Iterator[tuple[str, Encode]]:
    """ONNX Runtime over the X-encoder as torch exports it, in float32 and in its static int8."""
    from vlret.models.registry import load_model

    model: Any = load_model("vljepa-mini", "cpu", "float32", "torch")
    engine = model.torch_engine
    with tempfile.TemporaryDirectory() as folder:
        file = _exported(engine.x_encoder, Path(folder))
        yield "onnxruntime float32", _session(file, engine, threads)
        yield "onnxruntime int8", _session(_quantised(file, engine), engine, threads)


def _session(file: Path, engine: Any, threads: int) -> Encode:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda frames: np.asarray(session.run(None, {"frames": engine.normalise(frames).numpy()})[0])


def _exported(encoder: Any, folder: Path) -> Path:
    import torch

    class Tokens(torch.nn.Module):
        """The X-encoder without the loop over batches, which an export would fix."""

        def __init__(self) -> None:
            super().__init__()
            self.net = encoder.model.timm_model

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            features: torch.Tensor = self.net.forward_features(frames)
            return features.mean((2, 3))

    file = folder / "x_encoder.onnx"
    names = {"input_names": ["frames"], "output_names": ["tokens"]}
    axes = {"frames": {0: "n"}, "tokens": {0: "n"}}
    example = (torch.zeros(2, 3, 260, 260),)
    torch.onnx.export(Tokens(), example, str(file), **names, dynamic_axes=axes, dynamo=False)
    return file


def _quantised(file: Path, engine: Any) -> Path:
    """The graph in int8, calibrated on the frames that are measured: its cosine is an upper bound."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Frames(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.frames = iter(_frames())

        def get_next(self) -> dict[str, Any] | None:
            frame = next(self.frames, None)
            return None if frame is None else {"frames": engine.normalise(frame[None]).numpy()}

    quantised = file.with_name("int8.onnx")
    quantize_static(str(file), str(quantised), Frames(), quant_format=QuantFormat.QDQ, per_channel=True)
    return quantised


def _cosines(a: Vectors, b: Vectors) -> Vectors:
    return np.asarray((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))


def _instruction_sets() -> str:
    """Of PyTorch, and of the convolutions that OpenVINO chose."""
    import torch

    from vlret.models.registry import load_model

    model: Any = load_model("vljepa-mini", "cpu", "float32", "openvino")
    graph = model._engine.x_encoder.get_runtime_model()
    kinds = [str(op.get_rt_info()["primitiveType"].astype(str)) for op in graph.get_ops()]
    chosen = Counter(kind for kind in kinds if "conv" in kind)
    return f"PyTorch {torch.backends.cpu.get_cpu_capability()}, OpenVINO {json.dumps(dict(chosen))}"


if __name__ == "__main__":
    launch(main)
