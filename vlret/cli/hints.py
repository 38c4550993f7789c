"""What to do about an error in terms of the command line's options, by the code of the error.

Errors below `cli/` name no option. `{name}` is filled in from the fields of the error.
"""

from __future__ import annotations

from vlret.errors import VlretError

HINTS: dict[str, str] = {
    "actor_too_large": "Give less with --actor-memory, or give Ray more of it where its machines are started "
    "(ray start --memory).",
    "ambiguous_label_column": "Give --column with the heading of the one that holds the labels, or its number from 1.",
    "annotated_videos_missing": "Give the directory that the paths are relative to with --videos, or run with "
    "--allow-missing.",
    "annotations_incomplete": "Get the original files: {source}. Or run with --allow-missing, which every number "
    "then says.",
    "captions_not_in_index": "Index them, or run with --allow-missing.",
    "custom_dataset_choices": "Remove --choice and --annotations.",
    "custom_media_missing": "Correct the paths in {dataset}, give their directory with --data, or run with "
    "--allow-missing, which is recorded with every figure.",
    "dataset_media_missing": "Get them: {source}. Or run with --allow-missing, which is recorded with every figure.",
    "encoded_shard_damaged": "Encode it again: vlret encode --plan PLAN --shard {place} --out {path}.",
    "every_and_selective": "Give --every or --selective.",
    "every_of_index": "Leave --every out, give the media files, or build an index with `vlret index --clips "
    "window:SECONDS`.",
    "file_among_words": "Give it alone, or one of them with --plus.",
    "folder_missing": "Connect its drive. If the files are gone for good, give them up with --prune-missing-folders.",
    "frames_of_model": "Give --frames {most}, or fewer, which are repeated.",
    "index_needs_captions": "Give --captions FILE.csv --index INDEX.",
    "index_of_other_library": "Give --out: a new directory for a separate index, or {index} to add to this "
    "one (with --moved-from if the files have moved).",
    "no_annotations": "Give their directory with --annotations (default: annotations/ in that of --data).",
    "no_calibration": "Leave --min-probability out: probabilities are known for one sentence without --plus and --not, "
    "and for models that come with a calibration.",
    "no_captioner": "Give sentences to choose from: --captioner FILE.txt, .csv or .parquet.",
    "no_dataset_name": "Give --dataset NAME.",
    "no_file_locks": "Write the index to a local disk (--out DIR) and copy it to the share: searching it "
    "there needs no lock.",
    "no_index": "Build one with `vlret index SOURCE --out DIR`.",
    "no_media_directory": "Give their directory with --data.",
    "no_model": "Give --model NAME.",
    "no_pushed_index": "Write one there with `vlret push INDEX --to {address}`.",
    "no_table": "Write an index there with `vlret push INDEX --to {address}`.",
    "no_watchfiles": "Run: pip install 'vlret[watch]'. Or look every so many seconds instead: --poll 60.",
    "not_comparable": "Run both with the same protocol, or compare anyway with --force.",
    "not_one_dataset": "Give one of --dataset NAME and --{custom} FILE.",
    "not_tasks_or_benchmark": "Give --task NAME (repeat it for several), or --list NAME such as 'MVEB(text, video)'.",
    "not_writable": "Choose another directory with --{argument}.",
    "plan_unreadable": "Write one with `vlret plan SOURCE --out plan.jsonl`.",
    "port_in_use": "Choose another one with --port, or stop the program that uses it.",
    "prompt_needs_vlm": "Give --vlm MODEL, or leave --prompt out.",
    "push_unfinished": "Run `vlret push INDEX --to {address}` again: it goes on.",
    "questions_need_model": "Give --model in place of --vectors.",
    "root_missing": "Connect the drive, or give --moved-from with its old directory if it has moved; "
    "--prune-missing-folders drops its clips.",
    "run_of_other_recipe": "Choose another directory with --out, or train the recipe of that run: {path}/recipe.json.",
    "shards_missing": "Encode them: vlret encode --plan PLAN --shard {place} --out {path}, and so on.",
    "shards_of_other_plan": "Give the plan that they were encoded by, or encode them again by this one: vlret encode "
    "--plan PLAN --shard {place} --out {path}, and so on.",
    "takes_one_image": "Ask it with --frames 1.",
    "token_needed": "Give one with --token (auto makes one), or listen on 127.0.0.1.",
    "too_many_clips": "Give longer windows with --clips.",
    "untrusted_model": "If you trust that model: vlret search {index} QUERY --model {model} (the other "
    "commands take --model, too), or list its directory in {variable}.",
    "untrusted_plan_model": "If you trust that model, give it with --model {model}, or list its directory in "
    "{variable}.",
    "wrong_task": "Run vlret bench {task}.",
}


def with_options(error: VlretError) -> str:
    """The message of `error` and what to do; its own hint where `HINTS` has none or a field of it is missing."""
    try:
        return f"{error.message} {HINTS[error.code].format_map(error.fields)}"
    except KeyError:
        return str(error)
