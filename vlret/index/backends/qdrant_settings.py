"""How vlret keeps an index in Qdrant, on a server as in this process."""

from __future__ import annotations

from typing import Any

Payload = dict[str, Any]
PAYLOAD_INDEXES = {
    "path": "keyword", "name": "keyword", "start": "float", "end": "float", "duration": "float", "size": "integer",
    "modified": "datetime", "taken": "datetime", "width": "integer", "height": "integer", "codec": "keyword",
    "fps": "float",
}  # fmt: skip
"""Columns with a payload index, so that a user's own conditions in Qdrant are fast."""
OVERSAMPLING = 2.0
"""Of how many times as many clips as asked for, found by their int8 codes, the exact cosines are taken."""
INDEXING_KB = 20_000
"""Segments with more kilobytes of vectors get an HNSW graph and int8 codes, once `optimize` has asked for them."""
NEVER_KB = 0
"""Qdrant's word for no graphs."""
