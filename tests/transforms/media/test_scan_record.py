"""Shots from boundaries."""

from interlink.schemas.video import Boundary, BoundaryKind
from interlink.transforms.media.scan_record import make_shots


def boundary(time_us, kind=BoundaryKind.CUT, score=0.9):
    return Boundary(kind=kind, time_us=time_us, start_us=time_us, end_us=time_us, score=score)


def test_no_boundary_makes_one_shot():
    [shot] = make_shots((), 100, 900)
    assert (shot.start_us, shot.end_us, shot.score) == (100, 900, 1.0)
    assert (shot.start_kind, shot.end_kind) == (BoundaryKind.START, BoundaryKind.END)


def test_shots_lie_between_boundaries_and_carry_the_lower_score():
    first, second, third = make_shots(
        (boundary(300, score=0.8), boundary(500, BoundaryKind.FADE)), 0, 900
    )
    assert [(s.start_us, s.end_us) for s in (first, second, third)] == [
        (0, 300),
        (300, 500),
        (500, 900),
    ]
    assert (first.score, second.score, third.score) == (0.8, 0.8, 0.9)
    assert (second.start_kind, second.end_kind) == (BoundaryKind.CUT, BoundaryKind.FADE)


def test_a_boundary_at_an_end_or_twice_makes_no_empty_shot():
    shots = make_shots((boundary(0), boundary(400), boundary(400), boundary(900)), 0, 900)
    assert [(s.start_us, s.end_us) for s in shots] == [(0, 400), (400, 900)]
