"""Documents cut into windows, and counted: what a packing file holds."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import from_table
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
_BY_KIND = ("tokens_with_loss", "tokens_without_loss", "texts_by_kind")


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


def cut_document(samples: Samples, row: Row) -> tuple[list[Window], list[int]]:
    """Return the windows of one document, and the clips that alone take more than the budget."""
    return cut_windows(
        [_cost(samples, clip) for clip in row.clips],
        samples.budgets,
        frame_tokens=count_frame_tokens(samples.vocabulary),
        form=samples.form,
    )


def write_windows(samples: Samples, path: Path) -> None:
    """Write the windows of a dataset, holding one row group of documents at a time.

    Args:
        samples: all choices.
        path: a Parquet file; its metadata holds the counts as JSON.
    """
    counts = PackingCounts()
    totals: dict[str, Counter[str]] = {name: Counter() for name in _BY_KIND}
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for shard, group, table in samples.dataset.scan(TEXT_COLUMNS, with_denied=True):
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
    if not clip.frames:  # `<visual>` would stand for nothing
        return ClipCost(tokens=0, is_useful=False)
    # Whatever an epoch draws must fit, so that windows are the same in all of them.
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
    for index in window.clips[window.num_context :]:  # context was counted in its own window
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
