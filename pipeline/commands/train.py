"""`interlink train`: a dataset in, a trained COSMO out."""

import os
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ...schemas.errors import UsageError
from .console import make_console
from .model_loading import loading
from .train_progress import train_progress_for
from .train_recipe import TrainSettings, load_train_recipe
from .train_tables import print_dry_run, print_training

if TYPE_CHECKING:
    from ...model.recipe import TrainRecipe


def train(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe's file, or the name of a preset.")
    ],
    settings: TrainSettings = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count parameters, memory, tokens and data only.")
    ] = False,
) -> None:
    """Train COSMO on a dataset, going on from the newest checkpoint of the recipe's output.

    A recipe states what differs from a preset: debug (minutes on a laptop, offline), cosmo-2b or
    faithful-2b. SIGTERM and Ctrl-C save before they end; run the same command again to go on.
    With torchrun, one process per GPU trains.
    """
    loaded = load_train_recipe(recipe, settings or ())
    if dry_run:
        _describe(recipe, loaded)
        return
    if not loaded.dataset:
        raise UsageError(
            f"the recipe {recipe} names no dataset; add --set dataset=FOLDER, the dataset of a "
            "run, such as demo/dataset"
        )
    is_first = os.environ.get("RANK", "0") == "0"
    # Every rank computes; one talks.
    console = make_console() if is_first else Console(quiet=True)
    with loading(console, "loading torch"):
        from ...model.cosmo.bases import TINY_BASE, language_model_folder
        from ...model.train import train as train_recipe

        if TINY_BASE in (loaded.model.language_model, loaded.model.vision_tower):
            language_model_folder(TINY_BASE)
    with train_progress_for(console) as progress:
        report = train_recipe(loaded, observer=progress)
    if not is_first:
        raise typer.Exit(128 + report.stopped_by if report.stopped_by else 0)
    print_training(console, report)
    if report.stopped_by:
        text = f"stopped by a signal after step {report.steps}; run the same command again to go on"
        console.print(text, soft_wrap=True)
        raise typer.Exit(128 + report.stopped_by)
    console.print(f"next: interlink caption --model {report.output} CLIP", soft_wrap=True)


def _describe(name: str, recipe: "TrainRecipe") -> None:
    console = make_console()
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    with loading(console, "counting"):
        from ...model.dry_run import describe_training

        found = describe_training(recipe, ranks=ranks)
    if os.environ.get("RANK", "0") != "0":
        return
    on = f" on {recipe.dataset}, view {recipe.view}" if recipe.dataset else ""
    console.print(f"{name}{on}", style="bold", soft_wrap=True)
    print_dry_run(console, recipe, found)
    settings = "" if recipe.dataset else " and with --set dataset=FOLDER"
    console.print(f"next: the same without --dry-run{settings}", soft_wrap=True)
