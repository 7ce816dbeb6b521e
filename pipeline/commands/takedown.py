"""`interlink takedown`: take something out of a dataset and all that was made of it, for good."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ...schemas.errors import BudgetExceededError, UsageError
from ...schemas.manifest import TombstoneKind
from ..dataset.takedown.known import Known
from ..dataset.takedown.resolve import resolve
from ..dataset.takedown.verify import Looked
from ..dataset.takedown.wanted import LIST_SUFFIXES, Wanted, read_wanted
from ..dataset.versions import newest_manifest, read_manifest
from ..publish.takedown import take_down
from ..publish.takedown_places import find_audits, find_runs
from ..publish.takedown_verify import find_left
from ..storage.store import Store
from .console import make_console, plain_text
from .takedown_text import counted, print_done, print_plan, print_resolved

takedown = typer.Typer(
    name="takedown",
    help="Take videos or clips out of a dataset, its run and its audits, and keep them out.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SHOWN = 20
"""Places that are listed."""
_Dataset = Annotated[str, typer.Argument(metavar="DATASET", help="Folder or URL of a dataset.")]
_Runs = Annotated[
    list[str] | None,
    typer.Option(
        "--run", metavar="RUN", help="The run that made it; left out, the one that it lies in."
    ),
]
_Audits = Annotated[
    list[Path] | None,
    typer.Option(
        "--audit",
        metavar="FOLDER",
        help="An audit of it; those in a folder `audit` in or beside it are found.",
    ),
]


_Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", metavar="ID|URI", help="A source, and so its video. May be given again."
    ),
]
_Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group", metavar="NAME", help="All of a channel, uploader or folder. May be given again."
    ),
]
_Clips = Annotated[
    list[str] | None,
    typer.Option(
        "--clip", metavar="ID", help="A clip alone, and clips that overlap it. May be given again."
    ),
]
_Hashes = Annotated[
    list[str] | None,
    typer.Option(
        "--hash",
        metavar="SHA256|VIDEO_ID",
        help="A video by the bytes of its file. May be given again.",
    ),
]
_List = Annotated[
    str | None,
    typer.Option(
        "--list",
        metavar="FILE",
        help=f"A {', '.join(LIST_SUFFIXES)} file with columns source, group, clip or hash, one "
        "filled in each line, and reason.",
    ),
]
_Reason = Annotated[
    str | None, typer.Option(help="Why. It stands in the manifest, for all to read.")
]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")
]


@takedown.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink takedown apply runs/first/dataset --source https://host/a.mp4 "
        "--reason 'asked by its owner'\n"
        "  interlink takedown apply demo/dataset --group channel7 --reason 'ticket 12' --dry-run\n"
        "  interlink takedown apply s3://bucket/dataset --run s3://bucket/run --list names.csv"
    )
)
def apply(
    dataset: _Dataset,
    sources: _Sources = None,
    groups: _Groups = None,
    clips: _Clips = None,
    hashes: _Hashes = None,
    listed: _List = None,
    reason: _Reason = None,
    runs: _Runs = None,
    audits: _Audits = None,
    dry_run: _DryRun = False,
) -> None:
    """Take videos or clips out of a dataset, its run and its audits, and keep them out.

    Documents, clip files, published ratings, pictures and texts of audits, fetched files, working
    files and what the plan tells of them go; of the rest no row changes. A new version of the
    dataset follows. Files that only older versions name go too if they hold any of it, so that
    these versions can then no longer be read whole. Tombstones stay, and the same videos are not
    planned, fetched or published again, nor trained on, from whatever address they come. Of a video
    that loses a clip alone, file and sound stay in the run: others are made of them.

    Stop the run first. Whatever interrupts this, give the same command again. Without anything to
    take down it finishes what an earlier one began. Other datasets made of the same run, and
    checkpoints trained on it, are not looked for.
    """
    wanted = list(_wanted(sources, groups, clips, hashes, listed, reason))
    store = Store(dataset)
    found_runs = find_runs(store, runs or ())
    found_audits = find_audits(store, found_runs, audits or ())
    resolved = resolve(wanted, Known(store, found_runs))
    newest = newest_manifest(store)
    console = make_console()
    print_resolved(console, resolved, newest.tombstones if newest else ())
    if dry_run:
        print_plan(console, store, resolved.tombstones, found_runs, found_audits)
        return
    done = take_down(store, resolved.tombstones, runs=found_runs, audits=found_audits)
    print_done(console, store, done)
    named = [f"--run {run.url}" for run in found_runs if runs]
    named += [f"--audit {path}" for path in audits or ()]
    console.print(" ".join(["next: interlink takedown verify", dataset, *named]), soft_wrap=True)


@takedown.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink takedown verify runs/first/dataset\n"
        "  interlink takedown verify s3://bucket/dataset --run s3://bucket/run --audit audit/first"
    )
)
def verify(dataset: _Dataset, runs: _Runs = None, audits: _Audits = None) -> None:
    """Search for all that a dataset's tombstones name, wherever it could still be.

    Every shard, funnel, published audit, plan, working file and folder of an audit is looked into.
    Ends with 5 and the places if anything is left.
    """
    store = Store(dataset)
    newest = read_manifest(store)
    found_runs = find_runs(store, runs or ())
    found_audits = find_audits(store, found_runs, audits or ())
    console, looked = make_console(), Looked()
    left = list(find_left(store, newest, looked, runs=found_runs, audits=found_audits))
    for one in left[:_SHOWN]:
        console.print(f"left     {plain_text(one.place)}: {one.what}", soft_wrap=True)
    if len(left) > _SHOWN:
        console.print(f"and {len(left) - _SHOWN} more places")
    named = ", ".join(counted(newest.tombstones)) or "nothing"
    console.print(f"searched for {named}, as version {newest.version} names them", soft_wrap=True)
    console.print(
        f"dataset  {dataset}: {looked.num_shards} shards, {looked.num_older_files} other files of "
        f"shards, {looked.num_funnels} funnels, {len(newest.audits)} published audits",
        soft_wrap=True,
    )
    for run in found_runs:
        console.print(
            f"run      {run.display()}: {looked.num_plans} plans, {looked.num_steps} steps, "
            f"{looked.num_parts} parts that held any of it",
            soft_wrap=True,
        )
    for folder in found_audits:
        console.print(f"audit    {folder}", soft_wrap=True)
    if not left:
        console.print("nothing is left of it")
    console.print(
        "not looked at: scratch folders on other machines, and folders of `interlink replay`",
        soft_wrap=True,
    )
    if left:
        raise BudgetExceededError(
            f"something is left, or may be, in {len(left)} places; stop the run, give "
            f"`interlink takedown apply {dataset}` again, and look into what it cannot read"
        )


def _wanted(
    sources: Sequence[str] | None,
    groups: Sequence[str] | None,
    clips: Sequence[str] | None,
    hashes: Sequence[str] | None,
    listed: str | None,
    reason: str | None,
) -> Iterator[Wanted]:
    given = [
        (TombstoneKind.SOURCE, sources),
        (TombstoneKind.GROUP, groups),
        (TombstoneKind.CLIP, clips),
        (TombstoneKind.VIDEO, hashes),
    ]
    for kind, values in given:
        for value in values or ():
            if reason is None:
                raise UsageError("say why, with --reason; it stands in the manifest")
            yield Wanted(kind=kind, value=value, reason=reason)
    if listed is not None:
        yield from read_wanted(listed, reason)
