"""Runs mteb's mock video tasks over the tiny embedder and prints what came out as JSON.

A program of its own, because torchcodec finds FFmpeg only through what the environment says at the start.
"""

from __future__ import annotations

import json
import sys

import mteb
from mteb.mocks import mock_run
from mteb.results import TaskResult
from torchcodec.decoders import VideoDecoder

from tests.conftest import ColourEmbedder
from vlret.models.mteb import MTEBEncoder

TASKS = ("MockVideoRetrievalT2V", "MockVideoRetrievalV2T", "MockVideoZeroshotClassificationTask")


def main(video: str) -> None:
    """Print the row of `video`, the score of each task (or what went wrong) and the number of clips seen."""
    encoder = MTEBEncoder(ColourEmbedder())
    (row,) = encoder.encode([{"video": [VideoDecoder(video)]}])
    encoder.embedder.n_clips_seen = 0
    mock_run.ALL_MOCK_TASK_TEST_GRID[:] = [
        task for task in mock_run.ALL_MOCK_TASK_TEST_GRID if type(task).__name__ in TASKS
    ]
    results = [result for _, result in mteb.mock_run(encoder).items() if result is not None]
    scores = {
        result.task_name: result.get_score() if isinstance(result, TaskResult) else result.exception
        for result in results
    }
    print(json.dumps({"row": row.tolist(), "scores": scores, "n_clips": encoder.embedder.n_clips_seen}))


if __name__ == "__main__":
    main(sys.argv[1])
