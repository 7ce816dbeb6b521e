"""Makes plans of new sources; what a plan is, and how it is divided, stands in `parts/plan.py`."""

from itertools import islice

from ..schemas.errors import UsageError
from ..schemas.source import Source
from .dataset.denied import leave_out_denied, read_denied
from .parts.plan import plan_ids, plan_numbers, write_plan
from .recipes.recipe import Recipe
from .sources.manifest import read_sources
from .storage.store import Store


def make_plans(store: Store, recipe: Recipe) -> list[int]:
    """Write plans, of at most `plan_size` sources, for those that no plan accounts for yet.

    Returns:
        The numbers of the new plans.

    Raises:
        UsageError: the manifest cannot be read, or names no source at all.
    """
    made: list[int] = []
    for number, sources in propose_plans(store, recipe).items():
        if not write_plan(store, number, sources):
            # Another run made this plan at the same moment: take up what it leaves.
            return made + make_plans(store, recipe)
        made.append(number)
    return made


def propose_plans(store: Store, recipe: Recipe) -> dict[int, list[Source]]:
    """Return the plans that `make_plans` would write: the sources of each, by its number.

    Raises:
        UsageError: the manifest cannot be read, or names no source at all.
    """
    numbers, size = plan_numbers(store), recipe.plan_size
    new = _new_sources(store, recipe, numbers)
    starts = range(0, len(new), size)
    first = max(numbers, default=0) + 1
    return {number: new[start : start + size] for number, start in enumerate(starts, first)}


def _new_sources(store: Store, recipe: Recipe, plans: list[int]) -> list[Source]:
    known = {source_id for plan in plans for source_id in plan_ids(store, plan)}
    sources = islice(read_sources(recipe.sources), recipe.limit)
    new = [source for source in sources if source.source_id not in known]
    if not new and not known:
        raise UsageError(f"{recipe.sources} names no source; add one URL or path per line")
    new = leave_out_denied(new, read_denied(Store(recipe.dataset_url)))
    if not new and not known:
        raise UsageError(f"all that {recipe.sources} names was taken down; name other sources")
    return new
