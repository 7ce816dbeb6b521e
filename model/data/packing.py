"""The windows of a dataset, computed once and kept as a small Parquet file named by its digest.

What decides on it: the manifest's content, the view's rules, text policy, tokenizer, budgets, and
the form of samples. Seed and epoch do not: a clip counts with the longest text that may be drawn.
"""

import json
import os
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import from_table
from ...schemas.errors import UsageError
from .render import count_frame_tokens, count_tokens
from .rows import TEXT_COLUMNS, Row, RowClip
from .samples import Samples, count_by_kind
from .windows import ClipCost, Window, cut_windows

_SCHEMA = pa.schema(
    [
        pa.field("shard", pa.int32(), False),
        pa.field("row_group", pa.int32(), False),
        pa.field("row", pa.int32(), False),
        pa.field("clips", pa.list_(pa.int16()), False),
        pa.field("num_context", pa.int16(), False),
        pa.field("tokens", pa.int32(), False),
        pa.field("is_end", pa.bool_(), False),
        # The first 60 bits of the video's id: enough to keep videos apart.
        pa.field("video", pa.int64(), False),
    ]
)


@dataclass(kw_only=True)
class PackingCounts:
    """What the windows hold and leave out, counted with the draws of seed 0, epoch 0."""

    documents: int = 0
    documents_without_window: int = 0
    """Documents of which no clip fits or teaches anything."""
    clips: int = 0
    clips_without_frames: int = 0
    clips_too_long: int = 0
    """Clips that alone take more tokens than a packed sequence has; left out."""
    windows: int = 0
    media: int = 0
    """Clips of all windows; context clips count in each."""
    frames: int = 0
    """Frames that are shown."""
    tokens_with_loss: dict[str, int] = field(default_factory=dict)
    """By kind of text, special tokens with that kind included."""
    tokens_without_loss: dict[str, int] = field(default_factory=dict)
    """Text tokens that are shown only, by kind."""
    tokens: int = 0
    """All tokens of all windows."""
    texts_by_kind: dict[str, int] = field(default_factory=dict)
    """Texts in the documents, whatever the policy says."""
    chars: int = 0
    """Characters of all texts of the clips."""
    chars_trained: int = 0
    """Characters of texts that may be drawn and have loss then."""


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


def make_packing(samples: Samples, cache: Path | None = None) -> Packing:
    """Compute the windows of a dataset, or read them where they were computed before.

    Args:
        samples: all choices.
        cache: folder of earlier packings; None for `$XDG_CACHE_HOME/interlink/packing`.

    Raises:
        UsageError: no document of the view fits, or has a text that the policy names.
    """
    folder = cache or _default_cache()
    path = folder / f"{samples.packing_digest}.parquet"
    if not path.exists():
        _compute(samples, path)
    packing = _read(path, samples.packing_digest)
    if len(packing) == 0:
        raise UsageError(_why_empty(samples, packing.counts))
    return packing


def cut_document(samples: Samples, row: Row) -> tuple[list[Window], list[int]]:
    """Return the windows of one document, and the clips that alone take more than the budget."""
    return cut_windows(
        [_cost(samples, clip) for clip in row.clips],
        samples.budgets,
        frame_tokens=count_frame_tokens(samples.vocabulary),
        form=samples.form,
    )


def _compute(samples: Samples, path: Path) -> None:
    """Write the packing of a dataset, holding one row group of documents at a time."""
    counts = PackingCounts()
    totals: dict[str, Counter[str]] = {name: Counter() for name in _BY_KIND}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    os.close(handle)
    with pq.ParquetWriter(unfinished, _SCHEMA, compression="zstd") as writer:
        for shard, group, table in samples.dataset.scan(TEXT_COLUMNS):
            rows = []
            places = table["_row"].to_pylist()
            for place, row in zip(places, from_table(table, Row), strict=True):
                windows = _cut(samples, row, counts, totals)
                for window in windows:
                    _count_window(samples, row, window, counts, totals)
                rows += [_plain((shard, group, place), row, window) for window in windows]
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
        for name in _BY_KIND:
            setattr(counts, name, dict(sorted(totals[name].items())))
        writer.add_key_value_metadata({"counts": json.dumps(asdict(counts))})
    # Ranks that compute it at once write equal files; the last one stays.
    Path(unfinished).replace(path)


def _read(path: Path, digest: str) -> Packing:
    table = pq.read_table(path).combine_chunks()
    metadata = pq.read_metadata(path).metadata
    column = {name: table[name].combine_chunks() for name in table.column_names if name != "clips"}
    clips = table["clips"].combine_chunks()
    return Packing(
        digest=digest,
        counts=PackingCounts(**json.loads(metadata[b"counts"])),
        tokens=column["tokens"].to_numpy(),
        video=column["video"].to_numpy(),
        places=np.stack([column[name].to_numpy() for name in ("shard", "row_group", "row")], 1),
        clips=clips.values.to_numpy(),
        offsets=clips.offsets.to_numpy(),
        num_context=column["num_context"].to_numpy(),
        is_end=column["is_end"].to_numpy(zero_copy_only=False),
    )


_BY_KIND = ("tokens_with_loss", "tokens_without_loss", "texts_by_kind")


def _cut(
    samples: Samples, row: Row, counts: PackingCounts, totals: dict[str, Counter[str]]
) -> list[Window]:
    windows, too_long = cut_document(samples, row)
    counts.documents += 1
    counts.documents_without_window += not windows
    counts.clips += len(row.clips)
    counts.clips_without_frames += sum(not clip.frames for clip in row.clips)
    counts.clips_too_long += len(too_long)
    for clip in row.clips:
        totals["texts_by_kind"].update(text.kind.value for text in clip.texts)
        counts.chars += sum(len(text.text) for text in clip.texts)
    return windows


def _cost(samples: Samples, clip: RowClip) -> ClipCost:
    if not clip.frames:
        return ClipCost(tokens=0, is_useful=False)
    outcomes = samples.policy.outcomes(clip)
    tokens = max(count_tokens(pieces, samples.vocabulary) for pieces in outcomes)
    return ClipCost(tokens=tokens, is_useful=samples.is_useful(clip))


def _count_window(
    samples: Samples,
    row: Row,
    window: Window,
    counts: PackingCounts,
    totals: dict[str, Counter[str]],
) -> None:
    rendered = samples.render(row, window, seed=0, epoch=0)
    with_loss, without = count_by_kind(rendered)
    totals["tokens_with_loss"].update(with_loss)
    totals["tokens_without_loss"].update(without)
    counts.windows += 1
    counts.tokens += len(rendered.ids)
    counts.media += len(window.clips)
    most = samples.budgets.frames_per_clip
    counts.frames += sum(min(most, len(row.clips[clip].frames)) for clip in window.clips)
    for index in window.clips[window.num_context :]:
        pieces = {p for outcome in samples.policy.outcomes(row.clips[index]) for p in outcome}
        learned = [p for p in pieces if samples.policy.loss_weight(p.kind) > 0]
        counts.chars_trained += sum(len(piece.text) for piece in learned)


def _plain(place: tuple[int, int, int], row: Row, window: Window) -> dict[str, Any]:
    shard, group, number = place
    return {
        "shard": shard,
        "row_group": group,
        "row": number,
        "clips": list(window.clips),
        "num_context": window.num_context,
        "tokens": window.tokens,
        "is_end": window.is_end,
        "video": int(row.video_id[:15], 16),
    }


def _why_empty(samples: Samples, counts: PackingCounts) -> str:
    view = samples.dataset.view
    where = f"view {view.name!r} of {samples.dataset.url}" if view else samples.dataset.url
    if counts.documents == 0:
        return f"{where} has no document"
    wanted = {kind.value for group in samples.policy.groups for kind in group}
    if not wanted & set(counts.texts_by_kind):
        has = ", ".join(f"{kind} ({n})" for kind, n in counts.texts_by_kind.items()) or "no text"
        return f"{where} has no text of kind {' or '.join(sorted(wanted))}; it has {has}"
    return (
        f"no document of {where} fits: of {counts.clips} clips, {counts.clips_too_long} take more "
        f"than tokens={samples.budgets.tokens}, {counts.clips_without_frames} have no frames, "
        "the rest have no text that the policy trains on"
    )


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "interlink" / "packing"
