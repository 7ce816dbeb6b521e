"""Clips of made-up videos with real JPEGs, sentences and captions, and the documents made of them.

Tests reach it through the fixtures `make_clips` and `make_documents` of `conftest.py`:

    def test_something(make_clips, make_documents):
        clips = make_clips(3, name="a")       # three clips of 4 s, 1 s apart, of one video
        documents = make_documents("a", "b")  # the documents of two such videos
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.pipeline.storage.store import Store
from interlink.schemas import ids
from interlink.schemas.clip import Clip, ClipBoundary, ClipFile, ClipScores, Gap
from interlink.schemas.document import Document
from interlink.schemas.reference import Reference
from interlink.schemas.source import Source
from interlink.schemas.text import Caption, Segment, TextKind, Word
from interlink.schemas.video import BoundaryKind, Frame, Video
from interlink.transforms.text.assemble import AssembleDocuments

S = 1_000_000
CLIP_US, STEP_US = 4 * S, 5 * S


def jpeg(color: tuple[int, int, int], size: tuple[int, int] = (64, 36)) -> bytes:
    """Return a JPEG of one color; its pixels are `color` within the codec's error."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def make_words(start_us: int, *texts: str) -> tuple[Word, ...]:
    """Return words of 0.2 s, one every 0.25 s."""
    starts = range(start_us, start_us + len(texts) * S // 4, S // 4)
    return tuple(
        Word(text=text, start_us=at, end_us=at + S // 5, probability=0.9)
        for text, at in zip(texts, starts, strict=True)
    )


class ClipMaker:
    """Makes clips whose frames lie in media files of an earlier step of the run.

    Args:
        tmp_path: the folder that holds the run of the fixture `workspace`.
        workspace: the part's own workspace, which documents are assembled in.
    """

    def __init__(self, tmp_path: Path, workspace: PartWorkspace) -> None:
        self.workspace = workspace
        self._store = Store(str(tmp_path / "run"))
        self._scratch = tmp_path / "scan"

    def __call__(self, count: int, *, name: str = "a", frames: int = 10) -> list[Clip]:
        """Return the clips of the video `name`: [0 s, 4 s), [5 s, 9 s), ..., speech between."""
        video, attempt = make_video(name), f"steps/scan/part/{name}-{count}-{frames}"
        scan = PartWorkspace(self._store, attempt, self._scratch)
        clips = [_clip(scan, video, number, count, frames) for number in range(count)]
        media = scan.finish_media()
        if media is not None:
            self._store.put_file(f"{attempt}/{media.name}", media)
        scan.close()
        return clips

    def documents(self, *names: str, clips: int = 3, **parameters: Any) -> list[Document]:
        """Return the documents of one video for each name, assembled with `parameters`."""
        groups = [self(clips, name=name) for name in names]
        return [document for group in groups for document in self.assemble(group, **parameters)]

    def assemble(self, clips: list[Clip], **parameters: Any) -> list[Document]:
        """Return the documents of the clips of one video."""
        transform = AssembleDocuments(**parameters)
        transform.open_part(self.workspace)
        return list(transform.process_group(clips[0].video_id, clips))

    def with_file(self, clip: Clip) -> Clip:
        """Return the clip with a file of its own, which starts 0.5 s before it."""
        path = self.workspace.scratch / f"{clip.clip_id}.mp4"
        path.write_bytes(b"as good as a video: " + clip.clip_id.encode())
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        file = ClipFile(
            reference=self.workspace.add_file(path, sha256=sha256),
            mime="video/mp4",
            lead_in_us=S // 2,
            end_us=clip.end_us,
        )
        return replace(clip, file=file)


def _clip(scan: PartWorkspace, video: Video, number: int, count: int, frames: int) -> Clip:
    start_us = number * STEP_US
    end_us = start_us + CLIP_US
    speech = f"Sentence {number}."
    words = make_words(start_us + S // 2, *speech.split())
    gap = make_words(start_us - S + S // 4, "and", "then") if number else ()
    return Clip(
        clip_id=ids.clip_id(video.video_id, start_us, end_us),
        video_id=video.video_id,
        start_us=start_us,
        end_us=end_us,
        boundary=ClipBoundary(
            start_kind=BoundaryKind.CUT if number else BoundaryKind.START,
            end_kind=BoundaryKind.CUT if number < count - 1 else BoundaryKind.END,
            score=0.9,
        ),
        video=video,
        duration_us=count * STEP_US,
        video_end_us=count * STEP_US,
        frames=tuple(_frames(scan, video, start_us, number, frames)),
        words=words,
        speech=(
            Segment(
                start_us=words[0].start_us,
                end_us=words[-1].end_us,
                text=speech,
                words=words,
                avg_logprob=-0.25,
            ),
        ),
        gap_before=Gap(start_us=gap[0].start_us, end_us=gap[-1].end_us, words=gap) if gap else None,
        language="en",
        language_probability=0.98,
        speech_model="whisper-base",
        speech_revision="0123456789ab",
        captions=(
            Caption(
                kind=TextKind.CAPTION,
                text=f"A square of shade number {number * 37 % 251} fills the picture.",
                start_us=start_us,
                end_us=end_us,
                model="facts",
                revision="1",
            ),
        ),
        scores=ClipScores(motion=1.5 * number, speech_share=0.25),
        number=number,
        num_clips=count,
    )


def _frames(
    scan: PartWorkspace, video: Video, start_us: int, number: int, count: int
) -> Iterator[Frame]:
    for index in range(count):
        time_us = start_us + index * CLIP_US // count
        reference = scan.add_media(
            jpeg((number * 20 % 256, index * 25 % 256, 128)),
            video_id=video.video_id,
            owner_id=video.video_id,
            kind="frame",
            start_us=time_us,
            end_us=time_us,
            mime="image/jpeg",
        )
        yield Frame(
            time_us=time_us,
            reference=reference,
            width_px=64,
            height_px=36,
            is_grid=True,
            brightness=100.0,
            contrast=10.0,
            sharpness=5.0,
            motion=2.0,
        )


def make_video(name: str) -> Video:
    """Return a video of the source `https://example.org/channel/<name>.mp4`."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    uri = f"https://example.org/channel/{name}.mp4"
    return Video(
        video_id=ids.video_id(sha256),
        source=Source(source_id=ids.source_id(uri), uri=uri),
        file=Reference(file=f"steps/fetch/p/a/{sha256[:32]}.mp4", sha256=sha256),
        num_bytes=1000,
        final_uri=uri,
        title=f"Video {name}",
        license="CC-BY-4.0",
        license_raw="CC BY 4.0",
        license_source="manifest",
    )
