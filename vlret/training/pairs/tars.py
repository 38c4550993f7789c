"""Tars in the form of webdataset: the files of a sample stand beside each other as KEY.jpg, KEY.txt, KEY.json."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from tqdm import tqdm

from vlret.errors import UsageError
from vlret.storage import expanded, files_in, folder_of, shown
from vlret.training.pairs.clip_media import ClipMedia
from vlret.training.pairs.row import Row
from vlret.training.pairs.samples import DAMAGED_TAR, Part, key_of, sample_rows, unusable
from vlret.training.pairs.tar_index import TarIndex, tar_index

READ_AT_ONCE = 8


def is_tars(location: str) -> bool:
    """Whether `read_tars` reads what is called so."""
    return location.partition("?")[0].lower().endswith((".tar", "*"))


def read_tars(pattern: str) -> Iterator[Row]:
    """Yield a row for each sample of the tars that a pattern such as `web/{000..127}.tar` or `web/*.tar` stands for.

    Raises:
        UsageError: there is none, or one does not exist or is not a tar.
    """
    shards = [shard for name in expanded(pattern) for shard in _globbed(name)]
    if not shards:
        raise UsageError(f"No tar is called {shown(pattern)}.", "Check the pattern.", code="file_missing")
    with ThreadPoolExecutor(READ_AT_ONCE) as threads:
        indexes = threads.map(tar_index, shards)
        bar = tqdm(indexes, total=len(shards), desc="reading tars", unit="tar", disable=None)
        for shard, index in zip(shards, bar, strict=True):
            yield from _shard_rows(shard, index)


def member_of(shard: str, name: str) -> ClipMedia | None:
    """Return where a file in a tar lies; None: it is not there.

    Raises:
        UsageError: the tar does not exist, or is none.
    """
    return _by_name(shard).get(name)


@lru_cache(maxsize=64)
def _by_name(shard: str) -> dict[str, ClipMedia]:
    return {media.name.partition("/")[2]: media for media in _media(shard, tar_index(shard))}


def _media(shard: str, index: TarIndex) -> Iterator[ClipMedia]:
    tar = posixpath.basename(shard.partition("?")[0])
    return (ClipMedia(f"{tar}/{member.name}", shard, member.offset, member.size) for member in index.members)


def _globbed(name: str) -> list[str]:
    pattern = posixpath.basename(name)
    return files_in(folder_of(name), pattern) if "*" in pattern else [name]


def _shard_rows(shard: str, index: TarIndex) -> Iterator[Row]:
    members = zip(index.members, _media(shard, index), strict=True)
    keys = ((key_of(member.name), media, member.text) for member, media in members)
    yield from sample_rows(Part(*key, media, text) for key, media, text in keys if key)
    if not index.is_whole:
        yield unusable(ClipMedia(shard, shard), DAMAGED_TAR)
