"""The ratings that were imported into an audit: one Parquet file beside its plan."""

import io
from collections.abc import Sequence

import pyarrow.parquet as pq

from ....schemas.arrow import to_table
from ....schemas.audit import AuditPlan, Rating
from ....schemas.errors import UsageError
from ...storage.store import Store
from ..plan import RATINGS_FOLDER, read_plan
from .read import Ratings, read_ratings

RATINGS_NAME = f"{RATINGS_FOLDER}/ratings.parquet"


def import_ratings(folder: Store, paths: Sequence[str]) -> Ratings:
    """Add files of ratings to those of an audit; all of them, or none where one has a mistake.

    Args:
        folder: the audit.
        paths: files as `read_ratings` takes them.

    Returns:
        All ratings of the audit that count now, and what became of those in the files.

    Raises:
        UsageError: there is no audit, a file has a mistake, or none has a rating; the text has
            file and line.
    """
    plan = read_plan(folder)
    ratings = read_ratings(paths, plan, known=stored_ratings(folder, plan))
    if not ratings.num_read:
        raise UsageError(_nothing_read(ratings))
    buffer = io.BytesIO()
    pq.write_table(to_table(ratings.ratings, Rating), buffer, compression="zstd")
    folder.put(RATINGS_NAME, buffer.getvalue())
    return ratings


def stored_ratings(folder: Store, plan: AuditPlan) -> tuple[Rating, ...]:
    """Return the ratings that were imported into an audit; none where nothing was.

    Raises:
        UsageError: they do not fit the plan.
    """
    if not folder.exists(RATINGS_NAME):
        return ()
    return read_ratings([folder.display(RATINGS_NAME)], plan).ratings


def _nothing_read(ratings: Ratings) -> str:
    lines = [f"{path} has no ratings" for path in ratings.empty]
    lines += [f"left out {number}: {why}" for why, number in ratings.left_out]
    return "\n  ".join(["no rating was imported:", *lines])
