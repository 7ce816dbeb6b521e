import cv2
import numpy as np
import pytest

from interlink.transforms.captions.colors import to_lab
from interlink.transforms.captions.regions import (
    find_regions,
    link_tracks,
    moving_masks,
    salient_mask,
)

GREEN, RED, BLUE = (25, 70, 40), (210, 30, 30), (40, 80, 210)


def picture(*discs, color=RED):
    """A green wall of 160 x 90 px with discs of radius 12 at the given places."""
    rgb = np.full((90, 160, 3), GREEN, np.uint8)
    for center in discs:
        cv2.circle(rgb, center, 12, color, -1)
    return to_lab(rgb)


def disc_mask(center):
    return cv2.circle(np.zeros((90, 160), np.uint8), center, 12, 1, -1)


def regions_of(lab, text_boxes=()):
    return find_regions(salient_mask(lab), lab, text_boxes)


def test_what_differs_from_the_border_stands_out():
    mask = salient_mask(picture((80, 45)))

    assert (mask != disc_mask((80, 45))).mean() < 0.002


def test_moving_thing_differs_from_the_median_of_time():
    centers = [(20, 45), (60, 45), (100, 45), (140, 45)]
    masks = moving_masks([picture(center) for center in centers])

    for mask, center in zip(masks, centers, strict=True):
        assert (mask != disc_mask(center)).mean() < 0.002


def test_region_tells_place_size_and_color():
    (region,) = regions_of(picture((40, 45)))

    assert region.center == pytest.approx((0.25, 0.5), abs=0.01)
    assert region.area == pytest.approx(np.pi * 12**2 / (160 * 90), rel=0.05)
    assert region.lab == pytest.approx(to_lab(np.full((1, 1, 3), RED, np.uint8))[0, 0], abs=0.5)
    assert region.spread < 0.1
    assert not region.touches_edge


def test_region_at_the_edge_is_marked():
    (region,) = regions_of(picture((5, 45)))

    assert region.touches_edge


def test_text_specks_and_whole_walls_are_no_regions():
    speck = picture()
    speck[10:13, 10:13] = picture((80, 45))[45, 80]
    wall = np.ones((90, 160), np.uint8)

    assert regions_of(picture((80, 45)), text_boxes=[(0.45, 0.4, 0.6, 0.6)]) == []
    assert regions_of(speck) == []
    assert find_regions(wall, picture(), ()) == []


def test_two_things_of_different_colors_keep_their_own_tracks_when_they_pass():
    frames = []
    for x in range(20, 141, 20):
        rgb = np.full((90, 160, 3), GREEN, np.uint8)
        cv2.circle(rgb, (x, 30), 12, RED, -1)
        cv2.circle(rgb, (160 - x, 62), 12, BLUE, -1)
        frames.append(to_lab(rgb))

    tracks = link_tracks([regions_of(lab) for lab in frames])

    assert [len(track) for track in tracks] == [7, 7]
    for track in tracks:
        hues = [region.lab[1] for _, region in track]
        assert np.ptp(hues) < 1


def test_thing_that_is_hidden_for_a_moment_keeps_its_track():
    labs = [picture((40, 45)), picture(), picture((60, 45))]

    (track,) = link_tracks([regions_of(lab) for lab in labs])

    assert [index for index, _ in track] == [0, 2]


def test_thing_that_jumps_across_the_picture_starts_a_track_of_its_own():
    labs = [picture((15, 45)), picture((145, 45))]

    assert [len(track) for track in link_tracks([regions_of(lab) for lab in labs])] == [1, 1]


def test_no_frames_give_no_tracks():
    assert link_tracks([]) == []
