import cv2
import numpy as np
import pytest

from interlink.transforms.captions.camera import measure_camera


def landscape(roughness=1.6, size=(800, 1000), seed=3):
    """A gray picture with detail at all scales, as photographs have: noise under 1/f^roughness."""
    height, width = size
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.fftfreq(width)[None] ** 2
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=size)) / frequency ** (roughness / 2)
    picture = np.fft.ifft2(spectrum).real
    picture = (picture - picture.mean()) / picture.std()
    return np.clip(128 + 45 * picture, 0, 255).astype(np.uint8)


LAND = landscape()


def through_jpeg(gray):
    _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def view(x=300, y=300, zoom=1.0, land=LAND):
    """What a camera of 320 x 180 px sees at a place of the landscape."""
    width, height = 320 / zoom, 180 / zoom
    left, top = x + 160 - width / 2, y + 90 - height / 2
    matrix = np.array([[zoom, 0, -left * zoom], [0, zoom, -top * zoom]])
    return through_jpeg(cv2.warpAffine(land, matrix, (320, 180)))


def film(paint, count=10):
    return [paint(i / (count - 1)) for i in range(count)]


@pytest.mark.parametrize(
    ("motion", "paint"),
    [
        ("still", lambda u: view()),
        ("pans right", lambda u: view(x=200 + 200 * u)),
        ("pans left", lambda u: view(x=400 - 200 * u)),
        ("tilts down", lambda u: view(y=200 + 200 * u)),
        ("tilts up", lambda u: view(y=400 - 200 * u)),
        ("zooms in", lambda u: view(zoom=1 + 0.5 * u)),
        ("zooms out", lambda u: view(zoom=1.5 - 0.5 * u)),
        ("moves", lambda u: view(x=300 + 80 * np.sin(6.3 * u))),
    ],
)
def test_motion_of_the_camera(motion, paint):
    assert measure_camera(film(paint)).motion == motion


def test_measured_shift_and_scale_are_the_true_ones():
    pan = measure_camera(film(lambda u: view(x=200 + 160 * u)))
    zoom = measure_camera(film(lambda u: view(zoom=1 + 0.5 * u)))

    assert pan.shift_x == pytest.approx(-160 / 320, abs=0.01)
    assert pan.shift_y == pytest.approx(0, abs=0.01)
    assert zoom.scale == pytest.approx(1.5, abs=0.02)
    assert pan.support == zoom.support == 1.0


def test_quick_pan_of_a_quarter_of_the_picture_in_half_a_second():
    assert measure_camera(film(lambda u: view(x=100 + 400 * u), count=6)).motion == "pans right"


def test_shaking_hand_counts_as_still():
    rng = np.random.default_rng(0)
    film_ = [view(300 + dx, 300 + dy) for dx, dy in rng.integers(-2, 3, (10, 2))]

    assert measure_camera(film_).motion == "still"


@pytest.mark.parametrize(
    "paint", [lambda u: view(x=300 + 13 * u), lambda u: view(zoom=1 + 0.07 * u)]
)
def test_motion_too_small_to_name_is_not_called_still(paint):
    assert measure_camera(film(paint)).motion == "unclear"


def test_large_moving_thing_is_not_the_camera():
    def paint(share):
        picture = view()
        x = int(240 * share)
        picture[50:110, x : x + 80] = LAND[:60, :80]
        return picture

    assert measure_camera(film(paint)).motion == "still"


def test_smooth_picture_that_is_zoomed_is_never_called_still():
    smooth = landscape(roughness=2.6)
    facts = measure_camera(film(lambda u: view(zoom=1 + 0.5 * u, land=smooth)))

    assert facts.motion in ("unclear", "zooms in")


def test_unrelated_pictures_are_unclear():
    rng = np.random.default_rng(1)
    noise = [rng.integers(0, 255, (180, 320)).astype(np.uint8) for _ in range(6)]

    assert measure_camera(noise).motion == "unclear"


def test_one_frame_says_nothing_of_the_camera():
    facts = measure_camera([view()])

    assert facts.motion == "unclear"
    assert facts.support == 0


@pytest.mark.parametrize("shape", [(180, 320), (2, 2)])
def test_black_pictures_are_still(shape):
    assert measure_camera([np.zeros(shape, np.uint8)] * 4).motion == "still"


def test_two_runs_agree_to_the_last_digit():
    pictures = film(lambda u: view(x=200 + 200 * u))

    assert measure_camera(pictures) == measure_camera(pictures)
