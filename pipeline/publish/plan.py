"""The end of a plan: its shards become part of the dataset, with funnel and card."""

import datetime
import importlib.metadata
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ... import __version__
from ...schemas.manifest import Manifest, Provenance
from ..dataset.funnel import write_funnel
from ..dataset.same_sources import check_same_sources
from ..dataset.shard_lists import read_list
from ..dataset.versions import commit_version, newest_manifest, read_manifest
from ..faults import fault_point
from ..recipes.recipe import Recipe
from ..step_run import StepReport
from ..storage.store import Store
from .card import rewrite_card

__all__ = ["Publication", "publish_plan", "read_manifest"]

logger = logging.getLogger(__name__)

_DECIDING = ("pyarrow", "av", "numpy", "opencv-python-headless", "faster-whisper", "ctranslate2")
"""Packages whose versions decide bytes; those that are not installed are left out."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A version of the dataset that holds a plan's documents."""

    dataset_url: str
    """Root of the dataset."""
    manifest: Manifest
    """The newest version."""


def check_dataset(run: Store, recipe: Recipe) -> None:
    """Refuse a dataset that holds the documents of another run, before any work is done.

    Raises:
        UsageError: its first part is of other sources than this run's.
    """
    dataset = Store(recipe.dataset_url)
    manifest = newest_manifest(dataset)
    for listed in manifest.shard_lists[:1] if manifest else ():
        for shard in read_list(dataset, listed)[:1]:
            check_same_sources(run, dataset, shard)


def publish_plan(run: Store, recipe: Recipe, plan: int, steps: Sequence[StepReport]) -> Publication:
    """Bring what a plan ended with into the dataset: shards, a version, the funnel, the card.

    Doing it again makes no new version; funnel and card are written again.

    Args:
        run: the run.
        recipe: what was run; says where the dataset lies.
        plan: number of the plan.
        steps: what each step did on it, in order; the last one's records are documents.
    """
    dataset = Store(recipe.dataset_url, single_writer=recipe.single_writer)
    manifest = commit_version(run, dataset, steps[-1].commits, provenance=_provenance(run, recipe))
    fault_point("funnel.before", str(plan))
    write_funnel(run, dataset, plan, steps)
    fault_point("card.before", str(plan))
    rewrite_card(dataset, recipe.name or run.display().rstrip("/").rsplit("/", 1)[-1])
    logger.info("%s is at version %d", dataset.display(), manifest.version)
    return Publication(dataset_url=recipe.dataset_url, manifest=manifest)


def _provenance(run: Store, recipe: Recipe) -> Provenance:
    now = datetime.datetime.now(datetime.UTC)
    return Provenance(
        run=run.display().rstrip("/").rsplit("/", 1)[-1],
        recipe_digest=recipe.digest(),
        code_version=__version__,
        created=now.isoformat(timespec="seconds"),
        packages={name: version for name in _DECIDING if (version := _version(name))},
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
