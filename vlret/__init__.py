"""vlret: find, label, question and describe video by meaning. The public names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlret.errors import VlretError
    from vlret.index.annotate import annotate
    from vlret.index.build import build_index
    from vlret.index.filter import Filter
    from vlret.index.index import Index
    from vlret.index.optimize import optimize
    from vlret.index.pushed.push import push
    from vlret.index.sharding.encode_plan import encode_plan
    from vlret.index.sharding.merge import merge_shards
    from vlret.index.sharding.plan_file import read_plan, write_plan
    from vlret.index.sharding.plan_shards import plan_shards
    from vlret.media.decode import decode
    from vlret.models.registry import load_model
    from vlret.tasks.caption import caption
    from vlret.tasks.clip_encoder import ClipEncoder
    from vlret.tasks.duplicates.find import find_duplicates
    from vlret.tasks.label import classify
    from vlret.tasks.search import search
    from vlret.tasks.searcher import Searcher
    from vlret.tasks.segment import segment
    from vlret.tasks.stream.stream import stream
    from vlret.tasks.vqa import answer
    from vlret.tasks.watch.watch import watch
    from vlret.types import Answer, Clip, ClipCaption, Frames, Hit, Hits, Label, Segment

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Clip",
    "ClipCaption",
    "ClipEncoder",
    "Filter",
    "Frames",
    "Hit",
    "Hits",
    "Index",
    "Label",
    "Searcher",
    "Segment",
    "VlretError",
    "annotate",
    "answer",
    "build_index",
    "caption",
    "classify",
    "decode",
    "encode_plan",
    "find_duplicates",
    "load_model",
    "merge_shards",
    "optimize",
    "plan_shards",
    "push",
    "read_plan",
    "search",
    "segment",
    "stream",
    "watch",
    "write_plan",
]

_HOMES = {
    "Answer": "types",
    "Clip": "types",
    "ClipCaption": "types",
    "Frames": "types",
    "Hit": "types",
    "Hits": "types",
    "Label": "types",
    "Segment": "types",
    "VlretError": "errors",
    "Filter": "index.filter",
    "Index": "index.index",
    "annotate": "index.annotate",
    "optimize": "index.optimize",
    "push": "index.pushed.push",
    "build_index": "index.build",
    "encode_plan": "index.sharding.encode_plan",
    "merge_shards": "index.sharding.merge",
    "plan_shards": "index.sharding.plan_shards",
    "read_plan": "index.sharding.plan_file",
    "write_plan": "index.sharding.plan_file",
    "decode": "media.decode",
    "load_model": "models.registry",
    "find_duplicates": "tasks.duplicates.find",
    "classify": "tasks.label",
    "caption": "tasks.caption",
    "ClipEncoder": "tasks.clip_encoder",
    "search": "tasks.search",
    "Searcher": "tasks.searcher",
    "segment": "tasks.segment",
    "stream": "tasks.stream.stream",
    "answer": "tasks.vqa",
    "watch": "tasks.watch.watch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vlret' has no attribute {name!r}")
    return getattr(import_module(f"vlret.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
