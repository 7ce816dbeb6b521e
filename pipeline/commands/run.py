"""`interlink run`: videos in, shards out."""

import typer

from ..recipe import load_recipe
from ..run import run_recipe
from .console import make_console
from .funnel import print_funnel, print_losses
from .options import EngineOption, Limit, RecipePath, Settings, check_engine, settings_of
from .progress import progress_for


def run(
    context: typer.Context,
    recipe: RecipePath,
    settings: Settings = None,
    limit: Limit = None,
    engine: EngineOption = None,
) -> None:
    """Run a recipe to its end, going on from what is committed.

    Interrupted, or after an edit of the recipe, run it again: only what is missing or changed is
    done. Everything after `--` goes to Beam's PipelineOptions untouched.
    """
    loaded = load_recipe(recipe, settings_of(settings, limit))
    options = (*loaded.beam.options, *context.args)
    loaded = loaded.model_copy(update={"beam": loaded.beam.model_copy(update={"options": options})})
    console = make_console()
    with progress_for(console) as progress:
        report = run_recipe(loaded, engine=check_engine(engine), observers=[progress])
    manifest = report.publication.manifest
    print_funnel(console, report.steps)
    print_losses(console, report.dataset_url)
    console.print(f"run      {loaded.run}: plans, commits, stats.json", soft_wrap=True)
    count = f"{manifest.num_documents} documents, version {manifest.version}"
    console.print(f"dataset  {report.dataset_url}: {count}", soft_wrap=True)
    console.print(f"next: interlink inspect {report.dataset_url}", soft_wrap=True)
