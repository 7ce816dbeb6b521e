"""The windows of a dataset, computed once and kept as a small Parquet file named by its digest.

What decides on it: the manifest's content, the view's rules, text policy, tokenizer, budgets, and
the form of samples. Seed and epoch do not: a clip counts with the longest text that may be drawn.
"""

import contextlib
import json
import logging
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import EnvironmentFault, UsageError
from ...schemas.ids import digest
from .cutting import PackingCounts, write_windows
from .samples import Samples
from .windows import Window

logger = logging.getLogger(__name__)


class NothingFits(UsageError):  # noqa: N818  (says what is wrong, as do other mistakes)
    """No sample comes of a view: it has no document, no such text, or nothing within the budgets.

    Who trains on the view cannot go on; who only wanted to measure on it can.
    """


@dataclass(frozen=True, kw_only=True)
class Packing:
    """All windows of a dataset; made by `make_packing`."""

    digest: str
    """`Samples.packing_digest`."""
    counts: PackingCounts
    """What they hold."""
    tokens: npt.NDArray[np.int32]
    """What each window takes at most."""
    video: npt.NDArray[np.int64]
    """The video of each window, as a number."""
    places: npt.NDArray[np.int32]
    """Shard, row group and row of each window's document, shape (windows, 3)."""
    clips: npt.NDArray[np.int16]
    """Clips of all windows, one window after the other."""
    offsets: npt.NDArray[np.int32]
    """Where each window's clips start in `clips`, and the end."""
    num_context: npt.NDArray[np.int16]
    """Context clips of each window."""
    is_end: npt.NDArray[np.bool_]
    """Whether a window ends its document."""

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def media(self) -> npt.NDArray[np.int32]:
        """How many clips each window has."""
        return np.diff(self.offsets)

    @property
    def num_documents(self) -> int:
        """How many documents the windows are of."""
        return len(np.unique(self.places, axis=0))

    def place(self, number: int) -> tuple[int, int, int]:
        """Return shard, row group and row of a window's document."""
        shard, group, row = (int(value) for value in self.places[number])
        return shard, group, row

    def window(self, number: int) -> Window:
        """Return a window, numbered in the order of the dataset."""
        first, last = self.offsets[number : number + 2]
        return Window(
            clips=tuple(int(clip) for clip in self.clips[first:last]),
            num_context=int(self.num_context[number]),
            tokens=int(self.tokens[number]),
            is_end=bool(self.is_end[number]),
        )

    def without_videos(self, videos: npt.NDArray[np.int64]) -> "Packing":
        """Return the windows of all other videos, under a digest of their own.

        `counts` stay those of the view.
        """
        is_kept = ~np.isin(self.video, videos)
        if is_kept.all():
            return self
        kept = np.flatnonzero(is_kept)
        return replace(
            self,
            digest=digest("packing without", self.digest, kept.tolist()),
            tokens=self.tokens[kept],
            video=self.video[kept],
            places=self.places[kept],
            clips=self.clips[np.repeat(is_kept, self.media)],
            offsets=np.append(0, np.cumsum(self.media[kept])).astype(np.int32),
            num_context=self.num_context[kept],
            is_end=self.is_end[kept],
        )


def make_packing(samples: Samples, cache: Path | None = None) -> Packing:
    """Compute the windows of a dataset, or read them where they were computed before.

    Args:
        samples: all choices.
        cache: folder of earlier packings; None for `$XDG_CACHE_HOME/interlink/packing`.

    Raises:
        NothingFits: no document of the view fits, or has a text that the policy names.
        EnvironmentFault: the folder cannot be written.
    """
    folder = cache or _default_cache()
    path = folder / f"{samples.packing_digest}.parquet"
    packing = _read_kept(path)
    if packing is None:
        with _written_whole(path) as unfinished:
            write_windows(samples, unfinished)
        packing = _read(path)
    if len(packing) == 0:
        raise NothingFits(_why_empty(samples, packing.counts))
    return packing


@contextlib.contextmanager
def _written_whole(path: Path) -> Iterator[Path]:
    """Give a file to write that takes the place of `path` in the end; nothing stays if it fails.

    Ranks and trainings that compute a packing at once write equal files, and the last one stays.
    """
    # Not `tempfile`: its files are for their owner alone, and a cache may be shared.
    unfinished = path.with_name(f".{path.stem[:16]}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write to {path.parent}: {error.strerror}; name another folder in "
            "XDG_CACHE_HOME"
        ) from error
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _read_kept(path: Path) -> Packing | None:
    """Return what was computed before; None where there is nothing, or nothing that can be read."""
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        # A disk was full, or a machine went down: what the file held can be had again.
        logger.warning("the packing %s is damaged (%s) and computed again", path, error)
        return None


def _read(path: Path) -> Packing:
    table = pq.read_table(path).combine_chunks()
    metadata = pq.read_metadata(path).metadata
    column = {name: table[name].combine_chunks() for name in table.column_names if name != "clips"}
    clips = table["clips"].combine_chunks()
    return Packing(
        digest=path.stem,
        counts=PackingCounts(**json.loads(metadata[b"counts"])),
        tokens=column["tokens"].to_numpy(),
        video=column["video"].to_numpy(),
        places=np.stack([column[name].to_numpy() for name in ("shard", "row_group", "row")], 1),
        clips=clips.values.to_numpy(),
        offsets=clips.offsets.to_numpy(),
        num_context=column["num_context"].to_numpy(),
        is_end=column["is_end"].to_numpy(zero_copy_only=False),
    )


def _why_empty(samples: Samples, counts: PackingCounts) -> str:
    view = samples.dataset.view
    where = f"view {view.name!r} of {samples.dataset.url}" if view else samples.dataset.url
    if counts.documents == 0:
        return f"{where} has no document"
    wanted = {kind.value for group in samples.policy.groups for kind in group}
    if not wanted & set(counts.texts_by_kind):
        has = ", ".join(f"{kind} ({n})" for kind, n in counts.texts_by_kind.items()) or "no text"
        return f"{where} has no text of kind {' or '.join(sorted(wanted))}; it has {has}"
    what, lacking = ("document", "text that the policy trains on")
    if samples.form == "pairs":
        what, lacking = ("clip", "text of what is seen, which a pair needs (batch.pairs)")
    return (
        f"no {what} of {where} fits: of {counts.clips} clips, {counts.clips_too_long} take more "
        f"than tokens={samples.budgets.tokens}, {counts.clips_without_frames} have no frames, "
        f"the rest have no {lacking}"
    )


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "interlink" / "packing"
