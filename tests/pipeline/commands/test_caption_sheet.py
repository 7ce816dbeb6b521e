"""Clips and their texts in one picture."""

import numpy as np

from interlink.pipeline.commands.caption_sheet import CaptionedClip, draw_captions


def clip(color, count=2, text="a text"):
    pictures = [np.full((90, 160, 3), color, np.uint8) for _ in range(count)]
    return CaptionedClip(pictures=pictures, truth=text, written=text)


def test_every_clip_is_a_row_of_its_frames():
    sheet = np.asarray(draw_captions([clip((200, 0, 0)), clip((0, 0, 200), count=4)]))
    reds = (sheet == (200, 0, 0)).all(-1)
    blues = (sheet == (0, 0, 200)).all(-1)
    assert reds.sum() == 2 * 256 * 144
    assert blues.sum() == 4 * 256 * 144
    assert reds.nonzero()[0].max() < blues.nonzero()[0].min()


def test_a_long_text_stays_inside():
    short, long = (draw_captions([clip((0, 200, 0), text=t)]) for t in ("a", "word " * 200))
    assert short.size == long.size
    assert (np.asarray(long)[:, -8:] == 255).all()
