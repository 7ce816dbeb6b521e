"""Arguments that several commands share."""

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from ...schemas.errors import UsageError
from ...transforms.fetch.routing import is_url
from ..recipes.recipe import load_recipe
from ..step import EngineName

RECIPE_SUFFIXES = (".yaml", ".yml")

RecipePath = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="A recipe; `interlink init` writes one.")
]
RunPlace = Annotated[
    str,
    typer.Argument(metavar="RUN", help="Folder or URL of a run, or the recipe that it is of."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Overrule the recipe, such as --set cut.mode=exact. May be given again.",
    ),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Take only the first so many sources of the manifest.")
]
EngineOption = Annotated[
    str | None,
    typer.Option(metavar="local|beam|ray", help="Run every step on this engine."),
]


def run_at(place: str) -> str:
    """Return the folder or URL of a run that was named, by itself or by its recipe.

    Raises:
        UsageError: it is a recipe that cannot be read.
    """
    if is_url(place) or not place.endswith(RECIPE_SUFFIXES) or not Path(place).is_file():
        return place
    return load_recipe(Path(place)).run


def settings_of(settings: list[str] | None, limit: int | None) -> list[str]:
    """Return all that overrules the recipe, as `key=value`."""
    return [*(settings or ()), *([f"limit={limit}"] if limit else ())]


def check_engine(name: str | None) -> EngineName | None:
    """Return the engine that was asked for.

    Raises:
        UsageError: there is none of that name.
    """
    allowed = get_args(EngineName)
    if name is None or name in allowed:
        return cast("EngineName | None", name)
    raise UsageError(f"--engine {name} must be one of {', '.join(allowed)}")
