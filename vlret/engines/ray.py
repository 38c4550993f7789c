"""An index encoded by Ray Data: a plan of shards, an actor on every machine that encodes them, and the merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vlret.engines.ray_cluster import connected, n_actors, resources_of_actor
from vlret.engines.shard_encoder import PLAN, ShardEncoder, Tries
from vlret.errors import MediaError, RunnerError, UsageError
from vlret.index.build import open_folder
from vlret.index.optimize import parse_size
from vlret.index.report import BuildReport
from vlret.index.sharding.merge import merge_shards
from vlret.index.sharding.plan import ShardPlan
from vlret.index.sharding.plan_file import read_plan, write_plan
from vlret.index.sharding.plan_shards import plan_shards
from vlret.index.sharding.read_shards import read_markers
from vlret.remote_path import RemotePath, path_of
from vlret.storage import file_system, is_folder
from vlret.text import count_of, printable


def index_with_ray(
    sources: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    address: str | None = None,
    shards: str | Path | None = None,
    memory: int | str = "4GB",
    workers: int = 1,
    n_shards: int | None = None,
    progress: bool = True,
    device: str = "auto",
    **recipe: Any,
) -> BuildReport:
    """Encode the clips of media files on a Ray cluster into the index folder `out`; again: what is new or changed.

    Every machine needs the media files and `shards` at the same paths, and the same vlret. An interrupted run is
    finished as it was planned by the next call; what has come since is for the call after it.

    Args:
        sources, out, device: as for `build_index`; `recipe` too (model, clips, n_frames, sampling, decoder, dtype,
            engine, exclude).
        address: HOST:PORT of the cluster, or auto: that of this machine. None: RAY_ADDRESS, else a new local one.
        shards: directory or address of plan and shards until the index has them; default: `out` with `.shards`
            appended. It is deleted at the end of a run that came through.
        memory: what Ray reserves for an actor, in bytes or as `4GB`.
        workers: decoding processes of an actor.
        n_shards: as for `plan_shards`.

    Raises:
        RunnerError: no cluster, no machine large enough, or shards that cannot be encoded: they are named.
        UsageError, IndexFolderError, ModelError, MediaError, MissingExtraError: as `build_index`.
    """
    n_bytes = parse_size(memory)
    paths, store = open_folder(sources, out)
    beside = Path(f"{store.folder.absolute()}.shards")
    folder = path_of(shards) if shards else beside
    folder = folder if isinstance(folder, RemotePath) else folder.absolute()
    plan = plan_shards(
        paths, n_shards, device=device, index=store.folder if store.exists else None, progress=progress,
        **recipe,
    )  # fmt: skip
    if not plan.shards and not plan.skipped and not store.exists:
        raise MediaError("There is no video or image to index.", "Give another source.", code="no_media")
    plan = _begun(plan, folder)
    if plan.shards:
        with connected(address) as ray:
            resources = resources_of_actor(ray, n_bytes, device)
            model = (device, recipe.get("engine", "auto"))
            _encode(ray, plan, folder, {"model": model, "workers": workers}, resources, progress)
    report = merge_shards(plan, folder, store.folder, progress)
    _delete(plan, folder)
    return report


def _begun(plan: ShardPlan, folder: Path) -> ShardPlan:
    """The plan of an interrupted run in `folder`, or `plan`, which is written there."""
    if is_folder(str(folder)) and file_system(str(folder))[0].exists(str(folder / PLAN)):
        begun = read_plan(folder / PLAN)
        if begun.recipe != plan.recipe or not {*begun.roots} <= {*plan.roots}:
            raise UsageError(
                f"{printable(folder)} holds the shards of an unfinished run over other files or with other settings.",
                "Finish that run with the same command, or delete the directory.",
                code="other_run", path=folder,
            )  # fmt: skip
        return begun
    if plan.shards:
        write_plan(plan, folder / PLAN)
    return plan


def _encode(
    ray: Any,
    plan: ShardPlan,
    folder: Path,
    encoder: dict[str, Any],
    resources: dict[str, Any],
    progress: bool,
) -> None:
    """Encode the shards of a plan that are not in `folder` yet; raise `RunnerError` if some cannot be."""
    tries = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Tries).remote()
    numbers = ray.data.from_items(
        [{"shard": n} for n in range(len(plan.shards))], override_num_blocks=len(plan.shards)
    )
    n_at_once = min(n_actors(ray, resources), len(plan.shards))
    done = numbers.map_batches(
        ShardEncoder, batch_size=1, fn_constructor_args=(str(folder), tries), fn_constructor_kwargs=encoder,
        compute=ray.data.ActorPoolStrategy(min_size=n_at_once, max_tasks_in_flight_per_actor=1), **resources,
    )  # fmt: skip
    try:
        failed = list(_failed(done.iter_rows(), len(plan.shards), progress))
    except ray.exceptions.RayError as error:
        raise _stopped(str(error)) from error
    if failed:
        names = ", ".join(plan.name(row["shard"]) for row in failed)
        raise RunnerError(
            f"{count_of(len(failed), 'shard')} of {len(plan.shards)} could not be encoded: {names}. The first, on "
            f"{failed[0]['host']}: {failed[0]['error']}",
            "Every machine needs the media files and the directory of the shards at the same paths. The other "
            "shards are kept: run again when that is corrected.",
            code="shards_failed", shards=names,
        )  # fmt: skip


def _failed(rows: Iterator[dict[str, Any]], n_shards: int, progress: bool) -> Iterator[dict[str, Any]]:
    bar = tqdm(
        rows, "encoding", n_shards, unit="shard", dynamic_ncols=True, disable=None if progress else True
    )
    yield from (row for row in bar if row["error"])


def _stopped(text: str) -> RunnerError:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return RunnerError(
        f"Ray has stopped the run: {printable(lines[-1] if lines else 'no reason given').rstrip('.')}.",
        "The shards that are done are kept: run again. Every machine needs the same vlret with the same packages.",
        code="runner_stopped",
    )  # fmt: skip


def _delete(plan: ShardPlan, folder: Path) -> None:
    """Delete what a run has written into `folder`, the plan first: without it nothing is taken for unfinished."""
    system, _ = file_system(str(folder))
    tables = [marker.table.name for marker in read_markers(plan, folder)]
    markers = [f"{plan.name(number)}.json" for number in range(len(plan.shards))]
    for name in [PLAN, *markers, *tables]:
        with suppress(FileNotFoundError):
            system.rm_file(str(folder / name))
    if not isinstance(folder, RemotePath):
        with suppress(OSError):  # missing, or other files are in it
            folder.rmdir()
