"""A machine that can run the pipeline can make and decode a tiny video."""

from interlink.transforms.child import Child
from interlink.transforms.media.probe import NUM_FRAMES


def test_a_child_makes_and_decodes_a_tiny_video():
    with Child() as child:
        answer = child.call("interlink.transforms.media.probe:decode_tiny", {}, deadline_s=60)
    assert answer["frames"] == NUM_FRAMES
    assert answer["ffmpeg"]
