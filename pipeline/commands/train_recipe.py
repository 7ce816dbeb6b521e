"""Training recipes as commands take them: a file or the name of a preset, and what overrules it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ...model.recipe import PRESETS, TrainRecipe
from ...schemas.errors import UsageError
from ..recipes.yaml_text import overrule, read_mapping

TrainSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Overrule the recipe, such as --set optimizer.lr=0.0005. May be given again.",
    ),
]


def load_train_recipe(
    name: str, settings: Sequence[str] = (), *, dataset: str | None = None
) -> TrainRecipe:
    """Read a training recipe.

    Args:
        name: a YAML file, or a preset. Relative places in it are relative to the folder in which
            one works.
        settings: `key=value` pairs that overrule it; keys are dotted, values are YAML.
        dataset: overrules the recipe's.

    Returns:
        The recipe; `dataset` is empty where none is named.

    Raises:
        UsageError: there is no such file or preset, or it says something that it may not.
    """
    content: dict[str, Any] = {"preset": name} if name in PRESETS else _read(name)
    content = {key: value for key, value in content.items() if value is not None}
    for setting in settings:
        content = overrule(content, setting)
    if dataset is not None:
        content["dataset"] = dataset
    content.setdefault("dataset", "")
    return TrainRecipe.from_mapping(content)


def _read(name: str) -> dict[str, Any]:
    path = Path(name)
    if not path.exists():
        raise UsageError(
            f"there is no recipe at {name}, and no preset of that name; presets are "
            f"{', '.join(PRESETS)}"
        )
    return read_mapping(path, "preset: debug")
