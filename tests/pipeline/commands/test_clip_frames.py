"""Which frames of a file a model is shown."""

import numpy as np
import pytest
from PIL import Image

from interlink.pipeline.commands.clip_frames import read_clip_frames
from interlink.schemas.errors import UsageError


def test_frames_of_a_video_are_evenly_spaced_on_the_grid(make_video):
    path = make_video("a.mp4", shots=(4.0,), size=(64, 36), fps=10).path
    frames = read_clip_frames(path, most=4)
    # Of 8 frames of the grid: the first, the last, and two between.
    assert [frame.time_s for frame in frames] == [0.0, 1.0, 2.5, 3.5]
    assert all(frame.picture.shape == (36, 64, 3) for frame in frames)


def test_times_count_from_the_first_frame_of_the_file(make_video):
    path = make_video("late.mkv", shots=(1.0,), size=(64, 36), fps=10, start_s=0.7).path
    # The frame set's grid has multiples of half a second on the file's clock: 1.0 and 1.5.
    assert [frame.time_s for frame in read_clip_frames(path, most=8)] == [0.3, 0.8]


def test_a_picture_is_one_frame_in_its_colors(tmp_path):
    Image.new("RGBA", (40, 30), (255, 0, 0, 255)).save(tmp_path / "red.png")
    [frame] = read_clip_frames(tmp_path / "red.png", most=4)
    assert frame.time_s == 0.0
    assert frame.picture.shape == (30, 40, 3)
    assert np.unique(frame.picture.reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]


def test_a_picture_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by a quarter
    Image.new("RGB", (40, 30)).save(tmp_path / "turned.jpg", exif=exif)
    [frame] = read_clip_frames(tmp_path / "turned.jpg", most=4)
    assert frame.picture.shape == (40, 30, 3)


def test_what_is_neither_is_refused_with_the_reason(tmp_path):
    (tmp_path / "notes.txt").write_text("a text")
    with pytest.raises(UsageError, match=r"notes\.txt is no video or picture .*: not_media"):
        read_clip_frames(tmp_path / "notes.txt", most=4)
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(UsageError, match="empty_file"):
        read_clip_frames(tmp_path / "empty.mp4", most=4)
