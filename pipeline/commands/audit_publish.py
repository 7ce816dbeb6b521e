"""`interlink audit publish`: make what raters found part of the dataset."""

from pathlib import Path
from typing import Annotated

import typer

from ..audit.report.wording import count
from ..dataset.versions import manifest_path
from ..publish.audit import publish_audit
from ..publish.card import CARD_NAME
from ..storage.store import Store
from .console import make_console


def publish(
    audit: Annotated[Path, typer.Argument(metavar="AUDIT", help="Folder of an audit.")],
    dataset: Annotated[
        str | None,
        typer.Option(metavar="DATASET", help="Where it lies now; left out, where it was sampled."),
    ] = None,
) -> None:
    """Add the ratings and the report of an audit to its dataset and its card.

    The documents stay as they are: a new version names the results, so that views and trainings can
    ask for `audit.num_clips`, `audit.num_bad`, `audit.num_flawed`, `audit.num_wrong` and
    `audit.max_severity` of a document. Names of raters are published as they typed them.
    Publishing again, with more ratings, replaces what was there. It is refused if it would lose
    ratings, as where two folders were sampled alike: import both into one.
    """
    console, done = make_console(), publish_audit(Store(str(audit)), dataset)
    store, published = Store(done.dataset_url), done.audit
    state = "" if done.is_new else ", as before: nothing has changed"
    judged = f"{count(published.num_ratings, 'rating')} of {count(published.num_clips, 'clip')}"
    if done.is_new and done.num_added < published.num_ratings:
        judged += f", {done.num_added} more than before"
    console.print(f"ratings  {store.display(published.ratings_path)}: {judged}", soft_wrap=True)
    console.print(f"report   {store.display(published.report_path)}", soft_wrap=True)
    version = store.display(manifest_path(done.manifest.version))
    console.print(f"version  {version}{state}", soft_wrap=True)
    console.print(f"card     {store.display(CARD_NAME)}", soft_wrap=True)
