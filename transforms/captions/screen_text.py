"""Text in the picture: a cheap test for where it may be, and RapidOCR to read it."""

import hashlib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import EnvironmentFault
from .ocr_models import FILES
from .regions import Box

_INSTALL = "pip install 'interlink[ocr]'"
_MIN_SCORE = 0.8
"""Readings of less were mostly wrong on 30 frames with known text."""
_MIN_HEIGHT_PX = 16
"""Lower lines came out wrong with scores up to .94, as `cuto cat` for `cute cat`."""
_SURE_SCORE = 0.95
_DETECTOR_SIDE_PX = 640
_MIN_GRADIENT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenTextFact:
    """One line of text in the picture."""

    text: str
    """As read."""
    score: float
    """The reader's own certainty, in [0, 1]."""
    box: Box
    """Left, top, right, bottom as shares of width and height."""


def find_text_like(gray: NDArray[Any]) -> list[Box]:
    """Find where text may be: wide, dense strokes with several edges in each row.

    It costs a millisecond and errs towards finding too much: only what it finds is read.

    Args:
        gray: uint8, shape (height, width).
    """
    height, width = gray.shape
    gradient = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    edges = (gradient > _MIN_GRADIENT).astype(np.uint8)
    bar = cv2.getStructuringElement(cv2.MORPH_RECT, (max(13, width // 40), 3))
    lines = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, bar)
    lines = cv2.morphologyEx(lines, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(lines)
    boxes: list[Box] = []
    for x, y, w, h, area in stats[1:].tolist():
        if not 0.02 * height < h < 0.35 * height or w < 1.2 * h or area < 0.35 * w * h:
            continue
        switches = np.abs(np.diff(edges[y : y + h, x : x + w].astype(np.int8), axis=1)).sum(axis=1)
        if np.percentile(switches, 75) >= 6:
            boxes.append((x / width, y / height, (x + w) / width, (y + h) / height))
    return boxes


class ScreenTextReader:
    """RapidOCR with the models inside its package, on one thread, never online.

    Raises:
        EnvironmentFault: the package is missing or holds other models.
    """

    def __init__(self) -> None:
        try:
            rapidocr = importlib.import_module("rapidocr")
            importlib.import_module("onnxruntime")
        except ImportError as error:
            raise EnvironmentFault(
                f"reading on-screen text needs RapidOCR ({error}): {_INSTALL}, "
                "or set read_screen_text: false"
            ) from error
        models = Path(str(rapidocr.__file__)).parent / "models"
        detector, recognizer = (_checked(models / name, sha256) for name, sha256 in FILES.items())
        self._read = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Global.text_score": _MIN_SCORE,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Paths, so that nothing is looked up; and frames at their own size: by default
                # they are enlarged to 736 px, which costs four times as much and reads no better.
                "Det.model_path": detector,
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECTOR_SIDE_PX,
                "Rec.model_path": recognizer,
            }
        )

    def read(self, rgb: NDArray[Any]) -> list[ScreenTextFact]:
        """Read the lines of one picture in reading order, those that it is sure of.

        Args:
            rgb: uint8, shape (height, width, 3).
        """
        height, width = rgb.shape[:2]
        result = self._read(np.ascontiguousarray(rgb[..., ::-1]))
        if result.txts is None:
            return []
        lines = []
        for corners, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
            left, top = np.clip(np.min(corners, axis=0) / (width, height), 0, 1)
            right, bottom = np.clip(np.max(corners, axis=0) / (width, height), 0, 1)
            box = (_share(left), _share(top), _share(right), _share(bottom))
            is_legible = (box[3] - box[1]) * height >= _MIN_HEIGHT_PX
            if is_legible and sum(character.isalnum() for character in text) >= 2:
                fact = ScreenTextFact(text=text.strip(), score=round(float(score), 4), box=box)
                lines.append(fact)
        return lines


def merge_readings(readings: Sequence[Sequence[ScreenTextFact]]) -> tuple[ScreenTextFact, ...]:
    """Join the readings of several frames: of equal texts, or texts in one place, the surer.

    Lines in one place of which neither is like the other stay both: the text has changed.
    """
    merged: list[ScreenTextFact] = []
    for line in (line for reading in readings for line in reading):
        for order, known in enumerate(merged):
            if _is_same_line(line, known):
                merged[order] = max(known, line, key=lambda fact: fact.score)
                break
        else:
            merged.append(line)
    return tuple(merged)


def text_share(lines: Sequence[ScreenTextFact]) -> float:
    """Share of the picture inside the lines' boxes, overlaps counted once."""
    covered = np.zeros((200, 200), dtype=bool)
    for line in lines:
        left, top, right, bottom = (round(edge * 200) for edge in line.box)
        covered[top:bottom, left:right] = True
    return float(covered.mean())


def _share(value: float) -> float:
    return round(float(value), 4)


def _is_same_line(line: ScreenTextFact, known: ScreenTextFact) -> bool:
    ours, theirs = _letters(line.text), _letters(known.text)
    if ours == theirs:
        return True
    height = min(line.box[3] - line.box[1], known.box[3] - known.box[1])
    is_in_place = abs(line.box[1] - known.box[1]) < height / 2 and line.box[0] < known.box[2]
    is_sure = min(line.score, known.score) >= _SURE_SCORE
    if not is_in_place or (is_sure and _digits(ours) != _digits(theirs)):
        return False  # `STEP 3` and `STEP 4` are alike, and two lines
    return SequenceMatcher(None, ours, theirs).ratio() > 0.7


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _checked(path: Path, sha256: str) -> str:
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise EnvironmentFault(
            f"{path} is not the model of rapidocr 3.10.0 (sha256 {sha256[:12]}...): {_INSTALL}"
        )
    return str(path)
