"""What the rules look at: 224 numbers a frame, distances between them, histograms of samples."""

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .planes import Bytes, Planes

Floats = npt.NDArray[np.float32]

NUM_LUMA, NUM_COLOUR = 144, 80
_NEUTRAL, _COLOURLESS = 128.0, 3.0
"""Chroma of gray, and how close to it is no colour at all, of 255."""
_COLOUR_SHARE = 0.2
"""Share of cells with colour from which on a picture has any to speak of."""
WEIGHTS = np.concatenate(
    [np.full(NUM_LUMA, 1 / NUM_LUMA), np.full(NUM_COLOUR, 1 / NUM_COLOUR)]
).astype(np.float32)
"""Mean of the luma differences plus mean of the colour differences."""
COARSE_WEIGHTS = np.concatenate([np.full(12, 1 / 12), np.full(8, 1 / 8)]).astype(np.float32)
"""The same for coarse descriptors."""
_LUMA_BINS, _CELLS = 16, 12


def distance(a: Floats, b: Floats) -> Floats:
    """Return mean luma plus mean colour difference of descriptors, shape (..., 224), in levels."""
    result: Floats = np.abs(a - b) @ WEIGHTS
    return result


def has_colour(descriptor: Floats) -> bool:
    """Tell whether a picture has colour; in gray ones the colour histograms say nothing."""
    is_coloured = np.abs(descriptor[NUM_LUMA:] - _NEUTRAL) > _COLOURLESS
    return bool(is_coloured.mean() >= _COLOUR_SHARE)


@dataclass(slots=True, kw_only=True)
class History:
    """The frames that are still needed, oldest first; all arrays share their first axis."""

    time_us: npt.NDArray[np.int64]
    """Presentation times."""
    luma: Bytes
    """Samples, shape (n, rows, columns)."""
    blue: Bytes
    """Samples, shape (n, rows, columns)."""
    red: Bytes
    """Samples, shape (n, rows, columns)."""
    descriptors: Floats
    """Shape (n, 224)."""

    def extended(self, other: "History") -> "History":
        """Return this history followed by another one."""
        pairs = ((f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return History(**{name: np.concatenate([a, b]) for name, a, b in pairs})

    def since(self, first: int) -> "History":
        """Return the part from frame number `first` on, copied so that the rest is freed."""
        return History(**{f.name: getattr(self, f.name)[first:].copy() for f in fields(self)})


class Describer:
    """Turns the samples of frames of one shape into descriptors.

    A descriptor is 9 x 16 means of luma (16 x 9 for portrait) and 5 x 8 of each colour.

    Args:
        planes: the samples of any one frame.
    """

    def __init__(self, planes: Planes) -> None:
        rows, columns = planes.luma.shape
        self.is_portrait = rows > columns
        luma, colour = ((16, 9), (8, 5)) if self.is_portrait else ((9, 16), (5, 8))
        self._luma = _pooling(rows, luma[0]), _pooling(columns, luma[1]).T
        rows, columns = planes.blue.shape
        self._colour = _pooling(rows, colour[0]), _pooling(columns, colour[1]).T
        self._cells = _cells(*planes.luma.shape)
        self._coarsening = _coarsening(is_portrait=self.is_portrait)

    def describe(self, frames: list[Planes], times_us: list[int]) -> History:
        """Return what the rules need of consecutive frames."""
        luma, blue, red = (np.array([f[n] for f in frames]) for n in range(3))
        parts = [
            (rows @ (plane.astype(np.float32) @ columns)).reshape(len(frames), -1)
            for plane, (rows, columns) in (
                (luma, self._luma),
                (blue, self._colour),
                (red, self._colour),
            )
        ]
        return History(
            time_us=np.array(times_us, np.int64),
            luma=luma,
            blue=blue,
            red=red,
            descriptors=np.concatenate(parts, axis=1),
        )

    def coarse(self, descriptors: Floats) -> Floats:
        """Pool descriptors, shape (n, 224), to shape (n, 20): 3 x 4 luma, 2 x 2 of each colour."""
        result: Floats = descriptors @ self._coarsening
        return result

    def histogram_distances(self, history: History, a: int, b: int) -> tuple[float, float]:
        """Return half the L1 distance per sample of two frames' histograms, each in [0, 1].

        Luma is counted in 16 bins for each of 3 x 4 cells, colour in 32 x 32 bins.
        """
        size = _CELLS * _LUMA_BINS
        luma = [
            np.bincount((self._cells + (history.luma[n] >> 4)).ravel(), minlength=size)
            for n in (a, b)
        ]
        colour = [
            np.bincount(
                ((history.blue[n] >> 3).astype(np.int16) * 32 + (history.red[n] >> 3)).ravel(),
                minlength=1024,
            )
            for n in (a, b)
        ]
        return (
            float(np.abs(luma[0] - luma[1]).sum() / (2 * self._cells.size)),
            float(np.abs(colour[0] - colour[1]).sum() / (2 * history.blue[a].size)),
        )


def _pooling(size: int, groups: int) -> Floats:
    """Return the matrix, shape (groups, size), that takes means of neighbouring samples."""
    matrix = np.zeros((groups, size), np.float32)
    edges = np.linspace(0, size, groups + 1).round().astype(int)
    for row, (start, end) in enumerate(pairwise(edges.tolist())):
        first = min(start, size - 1)  # a picture with fewer samples than groups repeats some
        last = max(end, first + 1)
        matrix[row, first:last] = 1 / (last - first)
    return matrix


def _cells(rows: int, columns: int) -> npt.NDArray[np.int16]:
    """Return the first histogram bin of each sample's cell, shape (rows, columns)."""
    row = (np.arange(rows) * 3 // rows)[:, None]
    column = (np.arange(columns) * 4 // columns)[None]
    return ((row * 4 + column) * _LUMA_BINS).astype(np.int16)


def _coarsening(*, is_portrait: bool) -> Floats:
    """Return the matrix, shape (224, 20), whose columns take means of descriptor entries."""
    rows, columns, colour_columns = (16, 9, 5) if is_portrait else (9, 16, 8)
    colour_rows = 8 if is_portrait else 5
    down, across = (4, 3) if is_portrait else (3, 4)
    matrix = np.zeros((NUM_LUMA + NUM_COLOUR, 20), np.float32)
    for i in range(NUM_LUMA):
        row, column = divmod(i, columns)
        matrix[i, (row * down // rows) * across + column * across // columns] = 1
    for i in range(NUM_COLOUR):
        plane, place = divmod(i, NUM_COLOUR // 2)
        row, column = divmod(place, colour_columns)
        group = row * 4 // colour_rows if is_portrait else column * 4 // colour_columns
        matrix[NUM_LUMA + i, 12 + 4 * plane + group] = 1
    means: Floats = matrix / matrix.sum(0)
    return means
