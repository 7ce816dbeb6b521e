"""Documents for `loader.py`: made up, and written as a dataset and as tar files."""

import dataclasses
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from interlink.pipeline.dataset.versions import commit_version
from interlink.pipeline.parts.commit import KEPT_NAME, Commit
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas import ids
from interlink.schemas.clip import ClipBoundary, ClipScores
from interlink.schemas.content import content_sha256
from interlink.schemas.document import (
    SCHEMA_VERSION,
    Document,
    DocumentClip,
    DocumentFrame,
    DocumentScores,
    DocumentSource,
    Image,
)
from interlink.schemas.manifest import Provenance
from interlink.schemas.text import Caption, TextKind
from interlink.schemas.video import BoundaryKind

CLIPS, FRAMES = 6, 8
TEXT = "a red round cup stands on the table a hand folds the blue paper and turns it slowly"
S = 1_000_000


def make_document(number: int) -> Document:
    """Return a document with pictures and captions of its own."""
    rng = np.random.default_rng(number)
    video = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    clips = tuple(_make_clip(rng, video, index) for index in range(CLIPS))
    end_us = clips[-1].end_us
    document = Document(
        document_id=ids.document_id(video, 0, end_us, "benchmark"),
        video_id=video,
        content_sha256="",
        schema_version=SCHEMA_VERSION,
        split="train",
        source=DocumentSource(
            source_id=video,
            group="benchmark",
            uri=f"{video}.mp4",
            duration_us=end_us,
            **dict.fromkeys(
                ("site", "title", "creator", "creator_uri", "published", "language"), None
            ),
            **dict.fromkeys(("license", "license_raw", "license_source"), None),
        ),
        start_us=0,
        end_us=end_us,
        sequence=0,
        text="",
        clips=clips,
        gaps=(),
        num_clips=CLIPS,
        num_frames=CLIPS * FRAMES,
        num_chars=0,
        scores=DocumentScores(),
        flags=(),
        integrity="complete",
        lineage=(),
    )
    return dataclasses.replace(document, content_sha256=content_sha256(document))


def _make_clip(rng: np.random.Generator, video: str, index: int) -> DocumentClip:
    start_us, end_us = index * 8 * S, index * 8 * S + 8 * S
    frames = tuple(
        DocumentFrame(time_us=start_us + n * S, image=Image(bytes=_make_jpeg(rng)))
        for n in range(FRAMES)
    )
    text = " ".join(rng.choice(TEXT.split(), 30))
    return DocumentClip(
        clip_id=ids.clip_id(video, start_us, end_us),
        start_us=start_us,
        end_us=end_us,
        boundary=ClipBoundary(start_kind=BoundaryKind.CUT, end_kind=BoundaryKind.CUT, score=1.0),
        frames=frames,
        media=None,
        texts=(Caption(kind=TextKind.GIVEN, text=text, start_us=start_us, end_us=end_us),),
        words=(),
        scores=ClipScores(),
        flags=(),
    )


def _make_jpeg(rng: np.random.Generator) -> bytes:
    """Return a picture with soft edges and some grain, about 30 KiB."""
    coarse = rng.integers(0, 255, (21, 37, 3), np.uint8)
    picture = cv2.resize(coarse, (597, 336), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    picture += rng.integers(-4, 5, picture.shape, np.int16)
    clipped = np.clip(picture, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", clipped, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())


def write_dataset(root: Path, parts: Sequence[Sequence[Document]]) -> str:
    """Write documents with the pipeline's own writer; return the dataset's root."""
    run, dataset = Store(str(root / "run")), Store(str(root / "dataset"))

    def commits() -> Iterator[Commit]:
        for number, documents in enumerate(parts):
            local = root / "part.parquet"
            write_records(local, documents, Document)
            sha256, size = hashlib.sha256(local.read_bytes()).hexdigest(), local.stat().st_size
            part = f"001-{number:05d}"
            path = f"steps/{part}/{KEPT_NAME}"
            run.put_file(path, local)
            yield Commit(
                part=part,
                step="assemble",
                key="k",
                attempt="a",
                num_kept=len(documents),
                stages=(),
                files=(CommittedFile(path=path, num_bytes=size, sha256=sha256),),
                wall_s=0.0,
            )

    provenance = Provenance(run="benchmark", recipe_digest="", code_version="", created="")
    commit_version(run, dataset, commits(), provenance=provenance)
    return dataset.url


def write_tar(path: Path, documents: Sequence[Document]) -> str:
    """Write documents as WebDataset has them: one JSON and one JPEG for each frame."""
    with tarfile.open(path, "w") as tar:
        for document in documents:
            texts = {"clips": [clip.texts[0].text for clip in document.clips]}
            members = {"json": json.dumps(texts).encode()}
            for number, clip in enumerate(document.clips):
                for index, frame in enumerate(clip.frames):
                    members[f"{number}-{index}.jpg"] = frame.image.bytes
            for extension, data in members.items():
                info = tarfile.TarInfo(f"{document.document_id}.{extension}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return str(path)
