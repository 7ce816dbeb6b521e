"""What a dataset's newest version says was taken down, for who is about to add to it."""

import logging
from collections.abc import Iterable

from ...schemas.denied import Denied
from ...schemas.source import Source
from ...transforms.text.document_source import group_of
from ..storage.store import Store
from .versions import newest_manifest

logger = logging.getLogger(__name__)


def read_denied(dataset: Store) -> Denied:
    """Return what was taken down; nothing where there is no dataset yet."""
    newest = newest_manifest(dataset)
    return Denied.of(newest.tombstones) if newest else Denied()


def leave_out_denied(sources: Iterable[Source], denied: Denied) -> list[Source]:
    """Return the sources that were not taken down, in their order, and log how many were."""
    given = list(sources)
    kept = [s for s in given if not denied.has_source(s.source_id, group_of(s))]
    if len(kept) < len(given):
        logger.warning(
            "%d of %d new sources are left out of the plan: they were taken down",
            len(given) - len(kept),
            len(given),
        )
    return kept
