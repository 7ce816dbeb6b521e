"""Which packets make up a clip, against what PyAV decodes."""

from fractions import Fraction

import av
import pytest

from interlink.schemas.errors import RecordError
from interlink.transforms.media.packet_index import PacketIndex

SECOND = 1_000_000


def keyframes_us(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        return [round(f.pts * f.time_base * SECOND) for f in container.decode(stream)]


def test_a_range_starts_at_the_last_keyframe_at_or_before_the_clip(make_video):
    video = make_video("a.mp4", shots=(9.0,), keyframe_every_s=2.0)
    keys = keyframes_us(video.path)
    index = PacketIndex(video.path)
    for start in (0, 1, keys[1] - 1, keys[1], keys[1] + 1, keys[-1] + 500_000):
        found = index.find(start, start + SECOND)
        assert found.start_us == max(key for key in keys if key <= start)


def test_a_clip_before_the_first_keyframe_starts_at_it(make_video):
    video = make_video("late.mkv", shots=(2.0,), start_s=1.0)
    assert PacketIndex(video.path).find(0, 1_500_000).start_us == SECOND


def test_a_range_ends_with_the_last_frame_shown_before_the_clip_s_end(make_video):
    video = make_video("a.webm", shots=(4.0,), codec="vp9", fps=25)  # no frames out of order
    found = PacketIndex(video.path).find(SECOND, 2 * SECOND)
    assert found.end_us == 2 * SECOND
    assert found.last - found.first + 1 == 50


def test_sound_is_counted_in_the_range_and_before_it(make_video):
    video = make_video("a.mp4", shots=(6.0,), keyframe_every_s=2.0, audio=(440,))
    index = PacketIndex(video.path)
    found = index.find(4_500_000, 5_000_000)
    per_packet = Fraction(1024, 48_000)
    assert found.num_audio == pytest.approx(
        (found.end_us - found.start_us) / SECOND / per_packet, 1
    )
    more = index.find(4_500_000, 5_000_000, preroll_us=200_000)
    assert more.num_audio - found.num_audio in (9, 10)
    assert (more.first, more.last, more.start_us) == (found.first, found.last, found.start_us)


def test_packets_read_are_those_of_the_range_in_file_order(make_video):
    video = make_video("a.mp4", shots=(3.0, 5.0), keyframe_every_s=1.0, audio=(440,))
    index = PacketIndex(video.path)
    found = index.find(5_200_000, 6_400_000)
    packets = list(index.read(found))
    assert packets[[is_video for is_video, _ in packets].index(True)][1].is_keyframe
    assert sum(not is_video for is_video, _ in packets) == found.num_audio
    with av.open(str(video.path)) as container:
        whole = [p.pts for p in container.demux(video=0) if p.size]
    pictures = [packet.pts for is_video, packet in packets if is_video]
    assert pictures == whole[found.first : found.last + 1]


def test_a_span_without_a_frame_is_an_error(make_video):
    index = PacketIndex(make_video("late.mkv", shots=(2.0,), start_s=3.0).path)
    with pytest.raises(RecordError, match=r"cut_failed: no frame lies in \[0, 1000000\) us"):
        index.find(0, SECOND)


def test_a_file_that_changed_since_is_an_error(make_video):
    video = make_video("a.mp4", shots=(4.0,), keyframe_every_s=1.0)
    index = PacketIndex(video.path)
    found = index.find(2 * SECOND, 3 * SECOND)
    make_video("a.mp4", shots=(1.0,))
    with pytest.raises(RecordError, match="could not be read again"):
        list(index.read(found))
