"""A model for workers of Ray that does what files in `HANG_DIR` say."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.conftest import ColourEmbedder


class Hanging(ColourEmbedder):
    """As ColourEmbedder, but on the node whose id `hang` holds it writes `at-work` and hangs.

    Where there is a file `deadly`, it ends its process at a green clip, as the kernel does where memory is short.
    """

    def encode_pixels(self, clips):
        import ray

        folder = Path(os.environ["HANG_DIR"])
        greens = [clip[0, 0, 0, 1] > 200 and clip[0, 0, 0, 0] < 50 for clip in clips]
        if any(greens) and (folder / "deadly").exists():
            os._exit(137)
        if ray.is_initialized() and (folder / "hang").read_text() == ray.get_runtime_context().get_node_id():
            (folder / "at-work").touch()
            time.sleep(600)
        return super().encode_pixels(clips)
