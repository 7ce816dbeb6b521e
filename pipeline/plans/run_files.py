"""What a run's files say of it, for whoever asks from outside: plans, steps, commits."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ...schemas.errors import UsageError
from ...transforms.fetch.routing import is_url
from ..parts.commit import Commit, read_commits
from ..parts.plan import plan_numbers, plan_parts
from ..storage.store import Store
from ..storage.torn import TornFileError, naming

RECIPE_NAME = "recipe.yaml"
"""In a run: the recipe that was run last, with all defaults."""
DIGESTS_NAME = "digests.json"
"""Beside `recipe.yaml`: what tells its output apart, and where each step's commits lie."""
READERS = 16
"""Files read at once. Each takes tens of milliseconds of waiting where the store is remote."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFolder:
    """Where a step of the last recipe commits."""

    step: str
    engine: str
    folder: str


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """A run as its files tell it."""

    store: Store
    """Where it lies."""
    parts: dict[int, list[str]]
    """The parts of each plan, by its number."""
    steps: tuple[StepFolder, ...]
    """The steps of the recipe that was run last, in order; empty for a run that has not begun."""
    dataset: str | None
    """Where its dataset lies; None for a run that has not begun."""

    @property
    def all_parts(self) -> list[str]:
        """The parts of all plans, in order."""
        return [part for parts in self.parts.values() for part in parts]


def open_run(url: str) -> RunFiles:
    """Read what a run's folder says about plans and steps.

    Args:
        url: folder or URL of the run.

    Raises:
        UsageError: there is no run.
    """
    if not is_url(url) and Path(url).is_file():
        raise UsageError(f"{url} is a file; name the `run:` folder of a recipe")
    store = Store(url)
    numbers = plan_numbers(store)
    if not numbers:
        raise UsageError(f"there is no plan in {url}; name the `run:` folder of a recipe")
    steps, dataset = _begun(store)
    return RunFiles(
        store=store,
        parts={number: plan_parts(store, number) for number in numbers},
        steps=steps,
        dataset=dataset,
    )


def commits_of(store: Store, folder: str, parts: Iterable[str]) -> dict[str, Commit]:
    """Return the commits that parts have in a step, in the order of `parts`."""
    begun = set(store.names(folder))
    asked = [part for part in parts if part in begun]
    found = read_commits(store, folder, asked)
    return {part: commit for part, commit in zip(asked, found, strict=True) if commit is not None}


def commits_by_step(run: RunFiles) -> list[dict[str, Commit]]:
    """Return the commits of each step of the last recipe, by part, in the order of the steps."""
    return [commits_of(run.store, step.folder, run.all_parts) for step in run.steps]


def at_once(read: Callable[[Asked], Answer], things: Sequence[Asked]) -> list[Answer]:
    """Call `read` for each thing, several at once, and return the answers in order."""
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(read, things))


def step_folders(store: Store) -> dict[str, list[str]]:
    """Return the folders that each step has in a run, one for each key, by the step's name."""
    folders: dict[str, list[str]] = {}
    for name in store.names("steps"):
        folders.setdefault(name.rpartition("-")[0], []).append(f"steps/{name}")
    return folders


def last_steps(store: Store) -> tuple[StepFolder, ...]:
    """Return the steps of the recipe that was run last; none for a run that has not begun."""
    return _begun(store)[0]


def last_recipe(store: Store) -> dict[str, Any] | None:
    """Return what the recipe said that was run last; None for a run that has not begun.

    Raises:
        TornFileError: it cannot be read.
    """
    try:
        content = store.read(RECIPE_NAME)
    except FileNotFoundError:
        return None
    place = store.display(RECIPE_NAME)
    with naming(place, store.display()):
        recipe = yaml.safe_load(content)
    if not isinstance(recipe, dict):
        raise TornFileError(place, store.display(), "it holds no recipe")
    return recipe


def _begun(store: Store) -> tuple[tuple[StepFolder, ...], str | None]:
    try:
        begun = store.read_json(DIGESTS_NAME)
    except FileNotFoundError:
        return (), None
    steps = tuple(
        StepFolder(step=row["step"], engine=row["engine"], folder=row["folder"])
        for row in begun["steps"]
    )
    return steps, begun["dataset"]
