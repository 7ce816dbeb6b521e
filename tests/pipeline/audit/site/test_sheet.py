import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from interlink.pipeline.audit.site.sheet import MAX_FRAMES, write_sheet
from interlink.schemas.document import DocumentFrame
from interlink.schemas.document import Image as Picture
from interlink.schemas.errors import UsageError


@pytest.fixture
def clip(make_documents):
    return make_documents("a")[0].clips[1]


def test_a_sheet_shows_the_frames_in_order_like_a_page_of_text(clip, tmp_path):
    sheet = write_sheet(clip, tmp_path)
    assert sheet is not None
    assert sheet.times_us == tuple(frame.time_us for frame in clip.frames)
    assert (sheet.columns, sheet.rows) == (4, 2)
    with Image.open(tmp_path / sheet.src) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (2 * sheet.frame_height_px, 4 * sheet.frame_width_px, 3)
    # The frame at 0.4 n s of clip 1 is (20, 25 n, 128); see `tests/clips.py`.
    for number, time_us in enumerate(sheet.times_us):
        shade = 25 * (time_us - clip.start_us) // 400_000
        row, column = divmod(number, sheet.columns)
        y = row * sheet.frame_height_px + sheet.frame_height_px // 2
        x = column * sheet.frame_width_px + sheet.frame_width_px // 2
        assert np.abs(pixels[y, x] - (20, shade, 128)).max() < 12


def test_many_frames_are_thinned_evenly_from_first_to_last(clip, tmp_path):
    frames = tuple(
        DocumentFrame(time_us=n, image=Picture(bytes=clip.frames[0].image.bytes)) for n in range(45)
    )
    sheet = write_sheet(dataclasses.replace(clip, frames=frames), tmp_path)
    assert sheet is not None
    assert len(sheet.times_us) == MAX_FRAMES
    assert (sheet.times_us[0], sheet.times_us[-1]) == (0, 44)
    assert set(np.diff(sheet.times_us)) == {4}


def test_a_clip_without_frames_has_no_sheet(clip, tmp_path):
    assert write_sheet(dataclasses.replace(clip, frames=()), tmp_path) is None


def test_equal_clips_give_equal_bytes(clip, tmp_path):
    for name in ("one", "two"):
        write_sheet(clip, tmp_path / name)
    one, two = ((tmp_path / n / f"sheets/{clip.clip_id}.jpg").read_bytes() for n in ("one", "two"))
    assert one == two


def encoded(form: str, width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1" if form == "PNG" else "RGB", (width, height)).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no picture", "cannot identify image file"),
        (encoded("JPEG", 64, 64)[:300], "Truncated"),
        (encoded("PNG", 8000, 8000), "a frame of 8000 x 8000 px is too large"),
        (encoded("PNG", 20000, 20000), "decompression bomb"),
        (encoded("EPS", 8, 8), "cannot identify image file"),
    ],
)
def test_a_frame_that_is_no_picture_leaves_the_sheet_out_with_a_warning(
    clip, tmp_path, caplog, content, message
):
    bad = DocumentFrame(time_us=0, image=Picture(bytes=content))
    assert write_sheet(dataclasses.replace(clip, frames=(*clip.frames, bad)), tmp_path) is None
    assert f"clip {clip.clip_id} has no contact sheet" in caplog.text
    assert message in caplog.text
    assert list(tmp_path.rglob("*.jpg")) == []


@pytest.mark.parametrize("clip_id", ["../../up", "a/b", "..", "", "a.b", "a\\b", "x" * 101, "a\n"])
def test_an_id_that_leads_out_of_the_folder_is_refused(clip, tmp_path, clip_id):
    with pytest.raises(UsageError, match="cannot name a file: it must be 1 to 100 letters"):
        write_sheet(dataclasses.replace(clip, clip_id=clip_id), tmp_path / "site")
    assert list(tmp_path.rglob("*.jpg")) == []
