"""Scanning real files: each becomes a record or a clear code."""

import pytest


def test_a_file_with_cuts_and_sound_is_scanned(make_video, scan):
    made = make_video("a.mp4", shots=(2.0, 2.0, 1.5), audio=(440,))
    result = scan(made.path).record.scan
    assert [b.time_us for b in result.boundaries] == list(made.cuts_us)
    assert result.start_us == 0
    assert result.end_us == 5_500_000
    assert [f.time_us for f in result.frames if f.is_grid] == list(range(0, 5_500_000, 500_000))
    assert result.audio[0].start_us == 0
    assert result.audio[-1].end_us == pytest.approx(5_500_000, abs=50_000)
