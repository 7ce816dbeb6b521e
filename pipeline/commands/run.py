"""`interlink run`: videos in, shards out."""

import typer

from ..recipe import load_recipe
from ..run import run_recipe
from .console import make_console
from .funnel import print_funnel
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

    Everything after `--` goes to Beam's PipelineOptions untouched, as in
    `interlink run recipe.yaml -- --runner=FlinkRunner --flink_master=host:8081`.
    """
    loaded = load_recipe(recipe, settings_of(settings, limit))
    options = (*loaded.beam.options, *context.args)
    loaded = loaded.model_copy(update={"beam": loaded.beam.model_copy(update={"options": options})})
    console = make_console()
    with progress_for(console) as progress:
        report = run_recipe(loaded, engine=check_engine(engine), observers=[progress])
    print_funnel(console, report.steps)
    console.print(f"run      {loaded.run}", soft_wrap=True)
    console.print(f"dataset  {report.dataset_url}", soft_wrap=True)
    console.print(f"next: interlink inspect {report.dataset_url}", soft_wrap=True)
