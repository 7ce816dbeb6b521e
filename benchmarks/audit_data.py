"""Clips of one second for `audit_export.py`: real files of three kinds, written as a dataset."""

import dataclasses
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
from loader_data import S, make_document

from interlink.pipeline.dataset.versions import commit_version
from interlink.pipeline.parts.commit import KEPT_NAME, Commit
from interlink.pipeline.parts.workspace import MEDIA_NAME, CommittedFile
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas import ids
from interlink.schemas.arrow import to_table
from interlink.schemas.clip import ClipBoundary, ClipScores
from interlink.schemas.content import content_sha256
from interlink.schemas.document import (
    Document,
    DocumentClip,
    DocumentFrame,
    DocumentMedia,
    Image,
)
from interlink.schemas.manifest import Provenance
from interlink.schemas.reference import Media
from interlink.schemas.text import Caption, TextKind
from interlink.schemas.video import BoundaryKind

FPS, CLIPS_PER_VIDEO, FILES_PER_KIND = 25, 20, 5
TEXT = (
    "A red round cup stands on the table.",
    "A hand folds the blue paper twice and turns it slowly to the left.",
    "The text on the box reads “STEP 4”, and the camera zooms in.",
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How files of a kind are encoded."""

    name: str
    """For the report."""
    codec: str
    """FFmpeg's encoder."""
    size: tuple[int, int]
    """Width and height in pixels."""
    options: dict[str, str]
    """Of the encoder."""
    share: float
    """Of all clips."""


KINDS = (
    Kind(
        name="H.264, 1280x720, under 2 MiB: as it is",
        codec="libx264",
        size=(1280, 720),
        options={"crf": "14", "preset": "veryfast"},
        share=0.5,
    ),
    Kind(
        name="HEVC, 1280x720: encoded anew",
        codec="libx265",
        size=(1280, 720),
        options={"crf": "26", "preset": "ultrafast", "x265-params": "log-level=none"},
        share=0.25,
    ),
    Kind(
        name="H.264, 1920x1080, over 2 MiB: encoded anew",
        codec="libx264",
        size=(1920, 1080),
        options={"crf": "12", "preset": "ultrafast"},
        share=0.25,
    ),
)


@dataclass(frozen=True, kw_only=True)
class ClipFile:
    """A real file of one second, and frames of it."""

    kind: Kind
    """What it is."""
    content: bytes
    """The file."""
    frames: tuple[bytes, ...]
    """Four of its pictures as JPEG."""


def make_file(kind: Kind, seed: int) -> ClipFile:
    """Return a second of something that moves, with grain and a tone."""
    rng = np.random.default_rng(seed)
    width, height = kind.size
    wall = cv2.resize(
        rng.integers(0, 255, (18, 64, 3), np.uint8), (2 * width, height), interpolation=2
    )
    buffer, frames = io.BytesIO(), []
    with av.open(buffer, "w", format="mp4") as file:
        video = file.add_stream(kind.codec, rate=FPS, options=kind.options)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        sound = file.add_stream("aac", rate=48_000, layout="mono")
        for number in range(FPS):
            at = number * width // FPS
            grain = rng.integers(-6, 7, (height, width, 3), np.int16)
            picture = np.clip(wall[:, at : at + width] + grain, 0, 255).astype(np.uint8)
            if number % 7 == 0:
                small = cv2.resize(picture, (597, 336))
                frames.append(cv2.imencode(".jpg", small)[1].tobytes())
            file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        file.mux(video.encode())
        tone = np.sin(np.arange(48_000) * 440 * 2 * np.pi / 48_000).astype(np.float32)[None] / 4
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
        file.mux(sound.encode(frame))
        file.mux(sound.encode())
    return ClipFile(kind=kind, content=buffer.getvalue(), frames=tuple(frames))


def write_dataset(root: Path, files: list[ClipFile], num_clips: int) -> str:
    """Write a dataset of clips, a part for each video of 20; return its root."""
    run, dataset = Store(str(root / "run")), Store(str(root / "dataset"))

    def commits() -> Iterator[Commit]:
        for number in range(num_clips // CLIPS_PER_VIDEO):
            chosen = [files[(number * CLIPS_PER_VIDEO + n) % len(files)] for n in range(20)]
            document = _document(number, chosen)
            part = f"001-{number:05d}"
            docs, media = root / KEPT_NAME, root / MEDIA_NAME
            write_records(docs, [document], Document)
            rows = [_row(c, f) for c, f in zip(document.clips, chosen, strict=True)]
            pq.write_table(to_table(rows, Media), media, row_group_size=4, write_page_checksum=True)
            yield Commit(
                part=part,
                step="assemble",
                key="k",
                attempt="a",
                num_kept=1,
                stages=(),
                files=tuple(_put(run, f"steps/{part}/{path.name}", path) for path in (docs, media)),
                wall_s=0.0,
            )

    provenance = Provenance(run="benchmark", recipe_digest="", code_version="", created="")
    commit_version(run, dataset, commits(), provenance=provenance)
    return dataset.url


def _put(run: Store, path: str, local: Path) -> CommittedFile:
    data = local.read_bytes()
    run.put_file(path, local)
    return CommittedFile(path=path, num_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _document(number: int, files: list[ClipFile]) -> Document:
    made = make_document(number)
    clips = tuple(_clip(made.video_id, place, file) for place, file in enumerate(files))
    end_us = clips[-1].end_us
    document = dataclasses.replace(
        made,
        document_id=ids.document_id(made.video_id, 0, end_us, "benchmark"),
        source=dataclasses.replace(made.source, duration_us=end_us),
        end_us=end_us,
        clips=clips,
        num_clips=len(clips),
        num_frames=sum(len(clip.frames) for clip in clips),
    )
    return dataclasses.replace(document, content_sha256=content_sha256(document))


def _clip(video: str, place: int, file: ClipFile) -> DocumentClip:
    start_us, end_us = place * S, (place + 1) * S
    texts = (Caption(kind=TextKind.GIVEN, text=" ".join(TEXT), start_us=start_us, end_us=end_us),)
    return DocumentClip(
        clip_id=ids.clip_id(video, start_us, end_us),
        start_us=start_us,
        end_us=end_us,
        boundary=ClipBoundary(start_kind=BoundaryKind.CUT, end_kind=BoundaryKind.CUT, score=1.0),
        frames=tuple(
            DocumentFrame(time_us=start_us + 7 * n * S // FPS, image=Image(bytes=jpeg))
            for n, jpeg in enumerate(file.frames)
        ),
        media=DocumentMedia(
            sha256=hashlib.sha256(file.content).hexdigest(), mime="video/mp4", lead_in_us=0
        ),
        texts=texts,
        words=(),
        scores=ClipScores(),
        flags=(),
    )


def _row(clip: DocumentClip, file: ClipFile) -> Media:
    return Media(
        owner_id=clip.clip_id,
        kind="clip",
        start_us=clip.start_us,
        end_us=clip.end_us,
        mime="video/mp4",
        sha256=hashlib.sha256(file.content).hexdigest(),
        bytes=file.content,
    )
