"""Shots in videos with known joins: cuts to the frame, dissolves, fades; flashes are none."""

import av
import numpy as np
import pytest

from interlink.schemas.video import BoundaryKind
from interlink.transforms.media.shots.detector import ShotDetector
from interlink.transforms.media.shots.planes import Planes, PlaneSampler

JOINS = ("cut", "dissolve", "cut", "fade", "cut", "dissolve", "cut", "cut")


def detect(path, *, is_gray=False):
    detector, sampler = ShotDetector(), PlaneSampler()
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            planes = sampler.sample(frame)
            if is_gray:
                planes = Planes(
                    planes.luma, np.full_like(planes.blue, 128), np.full_like(planes.red, 128)
                )
            detector.push(planes, round(frame.time * 1e6))
    return detector.finish()[1]


@pytest.mark.parametrize(
    ("seed", "fps", "transition_s"), [(0, 24, 0.5), (1, 30, 1.0), (2, 60, 0.7), (3, 25, 0.4)]
)
def test_all_joins_are_found_and_nothing_else(make_video, seed, fps, transition_s):
    made = make_video(
        "a.mp4",
        shots=(3.0,) * 9,
        joins=JOINS,
        fps=fps,
        transition_s=transition_s,
        flashes_s=(4.6, 13.5, 25.0),
        seed=seed,
    )
    found = detect(made.path)
    cuts = [t.time_us for t in found if t.kind is BoundaryKind.CUT]
    assert cuts == list(made.cuts_us)
    for kind, truth in (
        (BoundaryKind.DISSOLVE, made.dissolves_us),
        (BoundaryKind.FADE, made.fades_us),
    ):
        middles = [t.time_us for t in found if t.kind is kind]
        assert len(middles) == len(truth)
        for middle, (start, end) in zip(middles, truth, strict=True):
            assert start <= middle <= end
    assert all(0.8 <= t.score <= 1 for t in found)


def test_a_film_without_colour_has_shots_too(make_video):
    made = make_video("a.mp4", shots=(3.0,) * 9, joins=JOINS, flashes_s=(4.6, 13.5), seed=1)
    found = detect(made.path, is_gray=True)
    assert [t.time_us for t in found if t.kind is BoundaryKind.CUT] == list(made.cuts_us)
    assert len(found) == len(JOINS)


def test_a_cut_between_gray_slides_is_found_though_their_colours_are_alike():
    detector = ShotDetector()
    for number in range(100):
        luma = np.full((45, 80), 20 if number < 50 else 200, np.uint8)
        blue, red = np.full((23, 40), 128, np.uint8), np.full((23, 40), 128, np.uint8)
        luma[20:26, 35:45], blue[10:13, 18:22] = 120, 180  # the same small thing on both
        detector.push(Planes(luma, blue, red), number * 40_000)
    assert [t.time_us for t in detector.finish()[1]] == [2_000_000]


def test_camera_flashes_alone_are_no_boundaries(make_video):
    made = make_video("a.mp4", shots=(8.0,), flashes_s=(1.0, 2.5, 2.7, 5.0))
    assert len(made.flashes_us) == 4
    assert detect(made.path) == []


def test_a_fade_at_either_end_is_no_boundary(make_video):
    made = make_video("a.mp4", shots=(0.25, 4.0, 0.25), joins=("fade", "fade"), transition_s=0.4)
    assert [t.kind for t in detect(made.path)] == []


def test_portrait_and_late_start_keep_the_clock(make_video):
    made = make_video("a.mp4", size=(180, 320), start_s=3.3, shots=(2.0, 2.0))
    assert [t.time_us for t in detect(made.path)] == [5_300_000]
    assert [t.before_us for t in detect(made.path)] == [made.frame_times_us[59]]


def planes(rng, offset):
    return Planes(
        *(
            np.clip(rng.integers(0, 8, shape) + offset, 0, 255).astype(np.uint8)
            for shape in ((45, 80), (23, 40), (23, 40))
        )
    )


def test_a_cut_is_told_within_seconds_and_memory_stays_bounded():
    detector, rng, told = ShotDetector(), np.random.default_rng(0), {}
    for i in range(30 * 90):
        offset = 40 if (i // 300) % 2 == 0 else 160
        for transition in detector.push(planes(rng, offset), i * 33_333):
            told[transition.time_us] = i * 33_333
        if detector._history is not None:
            assert len(detector._history.time_us) < 30 * 17
    # Flat pictures have flat histograms: what is told here need not hold, but it comes in time.
    delays = [at - time for time, at in told.items()]
    assert all(0 <= delay <= 13_000_000 for delay in delays)


def test_no_frame_and_one_frame_give_no_boundary():
    assert ShotDetector().finish() == ([], [])
    detector = ShotDetector()
    detector.push(planes(np.random.default_rng(0), 50), 0)
    assert detector.finish() == ([], [])
