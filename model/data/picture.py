"""A sample as it is trained, as one picture: frames, text, labels and masks.

Every token is a box. Coloured: it has loss, in the color of its text's kind. Grey: it is shown
only. White: a special token without loss. Beside the text stand two masks: which tokens a token
sees (black), and which media.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ...schemas.arrow import from_plain, to_plain
from ...schemas.errors import UsageError
from ..cosmo.batch import PADDING, PackedBatch
from .collate import ClipFrames, PackedRow, decode_clip, stack_packed
from .cutting import cut_document
from .policy import SAID_KINDS
from .render import KIND_INDEX, NO_KIND, Rendered
from .rows import Row
from .samples import Samples

_WIDTH_PX = 1200
_MARGIN_PX = 16
_FRAME_PX = 96
_LINE_PX = 24
_MASK_PX = 128
_TEXT_LEFT_PX = 2 * _MARGIN_PX + 4 * (_FRAME_PX + 4)
_COLORS = (
    *("#b7e1cd", "#aecbfa", "#fdd663", "#f8bbd0", "#d7aefb"),
    *("#ffccbc", "#c5e1a5", "#80deea", "#e6c9a8"),
)
"""One for each kind of text, in their order."""
_BYTE = "·"
_GREY, _INK, _FAINT = "#dddddd", "#202020", "#808080"


def draw_document(samples: Samples, document_id: str, *, seed: int, epoch: int = 0) -> Image.Image:
    """Draw all samples that come of one document in one epoch, one below the other.

    Args:
        samples: what samples are made of.
        document_id: the document, whether it is in the view or not.
        seed: of the training; decides on the texts that are drawn.
        epoch: which time the document is seen.

    Raises:
        UsageError: there is no such document, or no sample comes of it.
    """
    row = from_plain(to_plain(samples.dataset.find(document_id)), Row)
    windows, too_long = cut_document(samples, row)
    if not windows:
        raise UsageError(
            f"no sample comes of document {document_id}: of {len(row.clips)} clips "
            f"{len(too_long)} take more than tokens={samples.budgets.tokens}, the others have "
            "nothing to learn from"
        )
    parts = []
    for number, window in enumerate(windows, start=1):
        rendered = samples.render(row, window, seed=seed, epoch=epoch)
        clips = [
            decode_clip(
                row.clips[index],
                frames_per_clip=samples.budgets.frames_per_clip,
                size_px=samples.size_px,
            )
            for index in window.clips
        ]
        with_loss = sum(kind != NO_KIND for kind in rendered.kinds)
        title = (
            f"document {document_id}, epoch {epoch}, sample {number} of {len(windows)}: "
            f"{len(rendered.ids)} tokens, {with_loss} with loss; {len(clips)} clips, "
            f"{window.num_context} of them context"
        )
        parts.append(_draw_sample(samples, rendered, clips, title))
    return _stack([*parts, _legend(samples)])


def _draw_sample(
    samples: Samples, rendered: Rendered, clips: Sequence[ClipFrames], title: str
) -> Image.Image:
    lines = [_wrap(samples, rendered, media) for media in range(len(clips) + 1)]
    heights = [
        max(len(of_chunk) * _LINE_PX, _FRAME_PX + 20 if media else 0) + 8
        for media, of_chunk in enumerate(lines)
    ]
    top = _LINE_PX + 8
    height = max(top + sum(heights), top + 2 * (_MASK_PX + _LINE_PX)) + _MARGIN_PX
    picture = Image.new("RGB", (_WIDTH_PX, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((_MARGIN_PX, 4), title, _INK, font=_font())
    for media, (of_chunk, used) in enumerate(zip(lines, heights, strict=True)):
        if media:
            _draw_frames(picture, clips[media - 1], top)
        _draw_tokens(draw, of_chunk, top)
        top += used
    _draw_masks(picture, _masks(samples, rendered, clips))
    return picture


def _wrap(samples: Samples, rendered: Rendered, media: int) -> list[list[tuple[int, str, str]]]:
    """Return lines of (left, text, color) of the tokens that see a media, 0 for none."""
    right = _WIDTH_PX - _MASK_PX - 2 * _MARGIN_PX
    font = _font()
    lines: list[list[tuple[int, str, str]]] = [[]]
    left = _TEXT_LEFT_PX
    for token, kind, piece, seen in zip(
        rendered.ids, rendered.kinds, rendered.pieces, rendered.media, strict=True
    ):
        if seen != media:
            continue
        text = samples.vocabulary.backend.decode([token], skip_special_tokens=False)
        # A token may be one byte of a letter, which by itself is nothing that can be read.
        text = text.replace("\n", "\u23ce").replace("\ufffd", _BYTE) or " "
        color = _COLORS[kind] if kind != NO_KIND else _GREY if piece != NO_KIND else "white"
        width = round(font.getlength(text)) + 8
        if left + width > right and lines[-1]:
            lines.append([])
            left = _TEXT_LEFT_PX
        lines[-1].append((left, text, color))
        left += width + 2
    return lines if lines[-1] else []


def _draw_tokens(
    draw: ImageDraw.ImageDraw, lines: Sequence[Sequence[tuple[int, str, str]]], top: int
) -> None:
    font = _font()
    for number, line in enumerate(lines):
        y = top + number * _LINE_PX
        for left, text, color in line:
            box = (left, y, left + round(font.getlength(text)) + 6, y + _LINE_PX - 4)
            draw.rectangle(box, fill=color, outline=_FAINT if color == "white" else color)
            draw.text((left + 4, y + 2), text, _INK, font=font)


def _draw_frames(picture: Image.Image, clip: ClipFrames, top: int) -> None:
    """Draw the frames as the tower gets them: squares, whatever the video's shape."""
    draw = ImageDraw.Draw(picture)
    count = len(clip.times_F)
    # More than four share the place of four.
    step = min(_FRAME_PX + 4, 4 * (_FRAME_PX + 4) // max(count, 1))
    side = step - 4
    for place in range(count):
        frame = Image.fromarray(np.ascontiguousarray(clip.pixels_FCHW[place].transpose(1, 2, 0)))
        left = _MARGIN_PX + place * step
        picture.paste(frame.resize((side, side), Image.Resampling.NEAREST), (left, top))
        draw.text((left, top + side + 2), f"{clip.times_F[place]:.2f} s", _FAINT, font=_font(11))


def _masks(
    samples: Samples, rendered: Rendered, clips: Sequence[ClipFrames]
) -> list[tuple[str, np.ndarray]]:
    """Return (title, mask), shapes (L, L) and (L, M), from the batch that the model would get."""
    row = PackedRow(documents=[rendered], clips=clips, name="sample")
    batch: PackedBatch = stack_packed(
        [row],
        length=len(rendered.ids),
        pad_id=samples.vocabulary.pad_id,
        size_px=samples.size_px,
    )
    document, position = batch.document_BL[0], batch.position_ids_BL[0]
    is_same = (document[:, None] == document) & (document[:, None] != PADDING)
    attends = (is_same & (position[:, None] >= position)).numpy()
    media = np.arange(1, len(clips) + 1)
    sees = batch.media_index_BL[0].numpy()[:, None] == media
    return [("token sees token", attends), ("token sees media", sees)]


def _draw_masks(picture: Image.Image, masks: Sequence[tuple[str, np.ndarray]]) -> None:
    draw = ImageDraw.Draw(picture)
    left, top = _WIDTH_PX - _MASK_PX - _MARGIN_PX, _LINE_PX + 8
    for title, mask in masks:
        image = Image.fromarray(np.where(mask, 0, 235).astype(np.uint8))
        draw.text((left, top), title, _FAINT, font=_font(11))
        size = (_MASK_PX, _MASK_PX)
        picture.paste(image.resize(size, Image.Resampling.NEAREST), (left, top + 16))
        top += _MASK_PX + _LINE_PX


def _legend(samples: Samples) -> Image.Image:
    picture = Image.new("RGB", (_WIDTH_PX, _LINE_PX + 12), "white")
    draw = ImageDraw.Draw(picture)
    used = {*SAID_KINDS, *(kind for group in samples.policy.groups for kind in group)}
    kinds = [k for k in KIND_INDEX if k in used and samples.policy.loss_weight(k) > 0]
    shown = [(kind.value, _COLORS[KIND_INDEX[kind]]) for kind in kinds]
    left = _MARGIN_PX
    for text, color in [
        ("loss on:", "white"),
        *shown,
        ("shown without loss", _GREY),
        (f"{_BYTE} part of a letter", "white"),
    ]:
        width = round(_font().getlength(text)) + 8
        draw.rectangle((left, 4, left + width, 4 + _LINE_PX - 4), fill=color)
        draw.text((left + 4, 6), text, _INK, font=_font())
        left += width + 6
    return picture


def _stack(parts: Sequence[Image.Image]) -> Image.Image:
    whole = Image.new("RGB", (_WIDTH_PX, sum(part.height for part in parts)), "white")
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole


def _font(size: int = 13) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
