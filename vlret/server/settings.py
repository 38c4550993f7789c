"""What a service is started with, and its limits."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from vlret.errors import UsageError

LEAST_TOKEN = 16
"""Characters of an access token, at least."""

_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what requests may take; `_s` are seconds, `_bytes` bytes.

    Attributes:
        json_bytes, upload_bytes: size of a body; an upload is an image or clip that is searched for.
        uploads: at once; more are refused.
        body_s: a whole body must arrive within this time.
        request_s: a request is answered within this time.
        media_s: a child process that decodes for one picture, clip or upload is killed after this time.
        queue: requests of one kind that wait; more are refused.
        decoders: child processes that decode.
        cache_bytes: pictures and clips kept on disk; those used longest ago are deleted.
        connections: open at once.
    """

    json_bytes: int = 1 << 20
    upload_bytes: int = 64 << 20
    uploads: int = 16
    body_s: float = 30.0
    request_s: float = 60.0
    media_s: float = 45.0
    queue: int = 400
    decoders: int = 2
    cache_bytes: int = 2 << 30
    connections: int = 500


def default_cache() -> Path:
    """`~/.cache/vlret/serve`, or below `XDG_CACHE_HOME`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vlret" / "serve"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a service is started.

    Attributes:
        indexes: folders of indexes, or their addresses in databases.
        host: the address it listens on.
        token: access token; required where `host` is not this machine's own loopback address.
        show_paths: answers hold the paths of media files.
        hosts: names, besides that of `host`, under which browsers may ask for it.
        model, device: as for `Searcher`.
        cache: folder of pictures and clips that were made.

    Raises:
        UsageError: no index, a short token or one of odd characters, or no token for an address that others can reach.
    """

    indexes: tuple[str | Path, ...]
    host: str = "127.0.0.1"
    token: str | None = None
    show_paths: bool = False
    hosts: tuple[str, ...] = ()
    model: str | None = None
    device: str = "auto"
    cache: Path = field(default_factory=default_cache)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if not self.indexes:
            raise UsageError("No index was given.", "Give the folder of one or more.", code="no_index_given")
        if self.token is not None and len(self.token) < LEAST_TOKEN:
            raise UsageError(
                f"The access token has {len(self.token)} characters.",
                f"Give {LEAST_TOKEN} or more.",
                code="short_token",
            )
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise UsageError(
                "The access token has characters that cannot stand in a cookie and an address.",
                "Give letters, digits, '-', '_', '.' and '~'.",
                code="bad_token",
            )
        if self.token is None and not is_loopback(self.host):
            raise UsageError(
                f"Others can reach the address {self.host}, and no access token was given.",
                "Give one, or listen on 127.0.0.1.",
                code="token_needed",
                given=self.host,
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
