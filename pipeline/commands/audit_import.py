"""`interlink audit import`: take over what raters say, wherever they said it."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from ...schemas.audit import Role
from ..audit.plan import read_plan
from ..audit.ratings.read import Ratings
from ..audit.ratings.rows import SUFFIXES
from ..audit.ratings.store import RATINGS_NAME, import_ratings
from ..audit.report.wording import count
from ..storage.store import Store
from .console import make_console, number_table, plain_text


def import_(
    audit: Annotated[Path, typer.Argument(metavar="AUDIT", help="Folder of an audit.")],
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help=f"Ratings: {', '.join(SUFFIXES)}.")
    ],
) -> None:
    """Check ratings and add them to an audit.

    Files are what the review page downloads, the sheets of `interlink audit export` filled in, and
    what Label Studio exports as JSON.

    Of several ratings by one rater of one item the latest counts, so a file may be imported again.
    Ratings of another audit or dataset version are refused, and nothing is imported where a file
    has a mistake: each is told with its line.
    """
    folder = Store(str(audit))
    ratings = import_ratings(folder, files)
    plan = read_plan(folder)
    plain = {item.item_id for item in plan.items if item.role is Role.PLAIN}
    by_rater: dict[str, set[str]] = defaultdict(set)
    for rating in ratings.ratings:
        by_rater[rating.rater].add(rating.item_id)
    table = number_table("rater", "clips", "all items")
    for rater in sorted(by_rater):
        rated = by_rater[rater]
        clips = f"{len(rated & plain)} of {len(plain)}"
        table.add_row(plain_text(rater), clips, f"{len(rated)} of {len(plan.items)}")
    console = make_console()
    console.print(table)
    console.print(_became(ratings))
    for path in ratings.empty:
        console.print(f"{plain_text(path)} has no ratings", soft_wrap=True)
    for why, number in ratings.left_out:
        console.print(f"left out {number}: {why}")
    console.print(f"ratings  {folder.display(RATINGS_NAME)}", soft_wrap=True)


def _became(ratings: Ratings) -> str:
    """Return what became of the ratings that were read."""
    fates = (
        f"{ratings.num_new} new, {ratings.num_changed} changed, {ratings.num_unchanged} unchanged"
    )
    replaced = f", {ratings.num_replaced} replaced by later ones" if ratings.num_replaced else ""
    return f"read {count(ratings.num_read, 'rating')}: {fates}{replaced}"
