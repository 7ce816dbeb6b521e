"""The second half of `interlink demo`: COSMO learns from the shards that were just made."""

import shutil
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from ...schemas.errors import EnvironmentFault
from ...schemas.ids import digest
from ...schemas.manifest import Manifest
from ...schemas.text import TextKind
from ..recipes.recipe import Recipe
from ..run import RunReport
from ..storage.store import Store
from .model_loading import loading, require_torch
from .progress import progress_for
from .train_progress import train_progress_for
from .train_recipe import load_train_recipe
from .train_tables import print_training

if TYPE_CHECKING:
    from ...model.recipe import TrainRecipe
    from ...model.train_report import TrainReport

NUM_CAPTIONED = 3
"""Held-out clips that the trained model is asked about: the first ones, so that none is chosen."""
_KEY = "trained_on.txt"


def trained_model(output: Path) -> Path:
    """Return the folder of the training, under the folder of the demo."""
    return output / "training" / "cosmo"


def train_on(console: Console, recipe: Recipe, report: RunReport, output: Path) -> bool:
    """Train the `debug` preset on a run's shards and a generated lesson, and show what it learned.

    Args:
        console: where to.
        recipe: of the run.
        report: what the run did.
        output: folder of the demo; all lands in its `training`.

    Returns:
        Whether there is a trained model; there is none where torch is not installed.
    """
    try:
        require_torch()
    except EnvironmentFault as error:
        console.print(f"\nnot trained: {error}", soft_wrap=True)
        return False
    console.print(
        "\nCOSMO learns from these shards, and from a lesson of drawn clips", style="bold"
    )
    dataset = output / "training" / "dataset"
    manifest = _make_dataset(console, recipe, report, dataset)
    places = [f"dataset={dataset}", f"output={trained_model(output)}"]
    trained = _train(console, load_train_recipe("debug", places), manifest)
    print_training(console, trained)
    if trained.stopped_by:
        raise typer.Exit(128 + trained.stopped_by)
    _show_captions(console, trained, dataset)
    return True


def _make_dataset(console: Console, recipe: Recipe, report: RunReport, dataset: Path) -> Manifest:
    with loading(console, "loading torch"):
        from ...examples.lesson_story import Lesson
        from ...examples.training_dataset import make_training_dataset

    with progress_for(console) as progress:
        manifest = make_training_dataset(
            Store(recipe.run),
            report,
            lesson_run=Store(str(dataset.parent / "lesson")),
            dataset=Store(str(dataset)),
            lesson=Lesson(),
            observers=[progress],
        )
    count = sum(listed.num_documents for listed in manifest.shard_lists)
    console.print(f"{count} documents in {dataset}", soft_wrap=True)
    return manifest


def _train(console: Console, recipe: "TrainRecipe", manifest: Manifest) -> "TrainReport":
    with loading(console, "loading torch"):
        from ...model.cosmo.bases import TINY_BASE, language_model_folder
        from ...model.train import train

        base = language_model_folder(TINY_BASE).parent.name  # its digest
    _clear(Path(recipe.output), digest("demo", manifest.content_digest, recipe.digest, base))
    with train_progress_for(console) as progress:
        return train(recipe, observer=progress)


def _clear(output: Path, key: str) -> None:
    """Delete what an earlier demo trained on other shards: it cannot go on with these.

    A folder that no demo has marked is somebody's own, and stays as it is.
    """
    mark = output / _KEY
    if mark.exists() and mark.read_text(encoding="utf-8") != key:
        shutil.rmtree(output)
    if not output.exists():
        output.mkdir(parents=True)
        mark.write_text(key, encoding="utf-8")


def _show_captions(console: Console, trained: "TrainReport", dataset: Path) -> None:
    from ...model.caption import caption_clip, frames_per_clip
    from ...model.cosmo.model import Cosmo
    from ...model.data.dataset import open_dataset
    from ...model.data.pictures import choose_evenly
    from ...transforms.media.jpeg import decode_jpeg
    from .caption_sheet import CaptionedClip, draw_captions

    model = Cosmo.from_pretrained(trained.checkpoint)
    most = frames_per_clip(trained.checkpoint)
    console.print("\nheld-out clips, which it has never seen", style="bold")
    captioned: list[CaptionedClip] = []
    for document in islice(open_dataset(dataset, "eval").documents(), NUM_CAPTIONED):
        clip = document.clips[0]
        frames = [clip.frames[index] for index in choose_evenly(len(clip.frames), most)]
        pictures = [decode_jpeg(frame.image.bytes) for frame in frames]
        times_s = [(frame.time_us - clip.start_us) / 1e6 for frame in frames]
        truth = next(text.text for text in clip.texts if text.kind == TextKind.GIVEN)
        written = caption_clip(model, pictures, times_s)
        captioned.append(CaptionedClip(pictures=pictures, truth=truth, written=written))
        console.print(f"truth  {truth}", soft_wrap=True)
        console.print(f"COSMO  {written}\n", soft_wrap=True)
    picture = trained.output / "captions.png"
    draw_captions(captioned).save(picture)
    console.print(f"captions    {picture}: these clips, as the model was shown them")
