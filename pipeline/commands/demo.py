"""`interlink demo`: the whole path on four small videos, or on your own, on this machine."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...schemas.errors import UsageError
from ...schemas.outcome import Disposition
from ...schemas.video import Video
from ..dataset.reader import read_documents
from ..parts.kept import read_kept, read_outcomes
from ..parts.plan import plan_numbers, plan_sources
from ..recipes.recipe import Recipe, make_recipe
from ..run import RunReport, run_recipe
from ..step_run import commits_of
from ..storage.store import Store
from .console import make_console
from .demo_audit import audit_folder, make_audit
from .demo_training import train_on, trained_model
from .document_text import print_document
from .funnel import print_funnel, print_losses
from .inspect import save_picture
from .options import EngineOption, Settings, check_engine
from .progress import progress_for
from .serve import serve_folder

NUM_SERVED = 2
"""Example videos that come over HTTP from loopback; the others are read as local files."""


def demo(
    videos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[VIDEO]...", help="Your own files; left out, four embedded ones."),
    ] = None,
    output: Annotated[Path, typer.Option(help="Where to put run and dataset.")] = Path("demo"),
    settings: Settings = None,
    engine: EngineOption = None,
    train: Annotated[
        bool, typer.Option(help="Train COSMO on the dataset at the end: a few minutes.")
    ] = True,
) -> None:
    """Turn a few videos into a dataset, and let COSMO learn from it: offline, on this machine.

    Beam and Ray run the pipeline, in this process: what `interlink run` starts again when it dies,
    is run again here. The embedded videos come with their truth, so that the end can
    say how much was found; the training measures itself on clips that are held out. A page to
    judge the captions on is made as well.
    """
    console = make_console()
    chosen = check_engine(engine)
    places = {"run": f"{output}/run", "dataset": f"{output}/dataset", "name": "interlink demo"}
    with ExitStack() as stack:
        sources = _own(videos) if videos else _embedded(stack, output)
        recipe = make_recipe({"sources": sources} | places, settings or ())
        with progress_for(console) as progress:
            report = run_recipe(recipe, engine=chosen, observers=[progress])
    print_funnel(console, report.steps)
    print_losses(console, recipe.dataset_url)
    _print_reasons(console, recipe, report)
    if not videos:
        _print_score(console, recipe, report)
    picture = _show_document(console, recipe, report, output)
    is_audited = picture is not None and make_audit(console, recipe.dataset_url, output)
    is_trained = train and picture is not None and train_on(console, recipe, report, output)
    _print_places(console, recipe, picture)
    if picture is None:
        console.print("next: interlink demo, without files, shows it on four that work")
    else:
        _print_next(console, recipe, output, is_trained=is_trained, is_audited=is_audited)


def _own(videos: Sequence[Path]) -> list[str]:
    for path in videos:
        if not path.is_file():
            raise UsageError(f"there is no file {path}; name video files, or none for the demo's")
    return list(dict.fromkeys(str(path.resolve()) for path in videos))


def _embedded(stack: ExitStack, output: Path) -> str:
    """Serve two of the embedded videos, and write a manifest of all four."""
    folder = stack.enter_context(
        resources.as_file(resources.files("interlink.examples") / "videos")
    )
    base = stack.enter_context(serve_folder(folder))
    with (folder / "sources.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        name = row["uri"]
        row["source_id"] = f"example-{Path(name).stem}"
        row["uri"] = f"{base}/{name}" if number < NUM_SERVED else str(folder / name)
    output.mkdir(parents=True, exist_ok=True)
    manifest = output / "sources.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(manifest)


def _print_reasons(console: Console, recipe: Recipe, report: RunReport) -> None:
    """Say of each source that was left out why, as there are few."""
    store = Store(recipe.run)
    plans = plan_numbers(store)
    uris = {source.source_id: source.uri for n in plans for source in plan_sources(store, n)}
    for step in report.steps:
        for outcome in read_outcomes(store, commits_of(store, step)):
            uri = uris.get(outcome.owner_id or outcome.input_id)
            if outcome.disposition is not Disposition.KEPT and uri and outcome.message:
                name = uri.rsplit("/", 1)[-1]
                console.print(f"  {name}: {outcome.message}", soft_wrap=True)


def _print_score(console: Console, recipe: Recipe, report: RunReport) -> None:
    from ...examples.score import format_score, score_documents
    from ...examples.truth import read_truth

    folder = resources.files("interlink.examples") / "videos"
    with resources.as_file(folder) as path:
        truths = [read_truth(file) for file in sorted(path.glob("*.json"))]
    boundaries = {v.video_id: v.scan.boundaries for v in _scanned(recipe, report) if v.scan}
    score = score_documents(read_documents(recipe.dataset_url), truths, boundaries)
    console.print("\nagainst the truth of the four videos", style="bold")
    console.print(format_score(score))


def _scanned(recipe: Recipe, report: RunReport) -> Iterator[Video]:
    store = Store(recipe.run)
    for step in report.steps:
        if step.step == "transcribe":
            yield from read_kept(store, commits_of(store, step), Video)


def _show_document(
    console: Console, recipe: Recipe, report: RunReport, output: Path
) -> Path | None:
    """Print one document and draw its video; return where the picture is, None without any."""
    document = next(iter(read_documents(recipe.dataset_url)), None)
    if document is None:
        console.print("no document was made: nothing that was given is a video it can use")
        return None
    console.print("\none document, as a reader sees it", style="bold")
    print_document(console, document)
    picture = output / "video.png"
    save_picture(recipe, report, document.video_id, picture)
    return picture


def _print_places(console: Console, recipe: Recipe, picture: Path | None) -> None:
    console.print()
    if picture is not None:
        text = f"picture     {picture}: frames, shots, clips and words of one video"
        console.print(text, soft_wrap=True)
    console.print(f"dataset     {recipe.dataset_url}", soft_wrap=True)
    console.print(f"card        {recipe.dataset_url}/README.md", soft_wrap=True)
    console.print(f"run         {recipe.run}: plans, commits, stats.json", soft_wrap=True)


def _print_next(
    console: Console, recipe: Recipe, output: Path, *, is_trained: bool, is_audited: bool
) -> None:
    model, audit = trained_model(output), audit_folder(output)
    then = [f"interlink inspect {recipe.dataset_url}"]
    if is_trained:
        console.print(f"training    {model}: curves.png, captions.png, checkpoints", soft_wrap=True)
        then.append(f"interlink caption --model {model} ANY_VIDEO")
    if is_audited:
        page = f"{audit}/site/index.html"
        console.print(f"audit       {page}: open it, judge, download the ratings", soft_wrap=True)
        then += [f"interlink audit import {audit} RATINGS", f"interlink audit report {audit}"]
    for number, command in enumerate(then):
        console.print(f"{' ' if number else 'next:':5} {command}", soft_wrap=True)
