"""Makes the lesson: documents of the generated world with given captions, to learn from.

    for document in make_lesson(Lesson(num_train=200, num_eval=64, seed=0)): ...

A caption says exactly what is drawn, in the words of the pipeline's captioner. The same seed gives
the same documents with the same versions of NumPy, OpenCV, Pillow and FFmpeg.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.tiny.world import describe
from ..schemas import ids
from ..schemas.clip import ClipBoundary, ClipScores, Flag
from ..schemas.content import content_sha256
from ..schemas.document import (
    SCHEMA_VERSION,
    Document,
    DocumentClip,
    DocumentFrame,
    DocumentSource,
    Image,
)
from ..schemas.lineage import Lineage
from ..schemas.source import Source
from ..schemas.text import Caption, TextKind, Word
from ..schemas.video import BoundaryKind
from ..transforms.base import Kept, Map
from ..transforms.frames import evenly_spaced
from ..transforms.text.document_scores import document_scores
from ..transforms.text.interleave import find_repeated, interleave
from .lesson_drawing import FrameStore, WorldPicture
from .lesson_story import (
    BEFORE_SPEECH_US,
    GRID_US,
    WORD_US,
    Lesson,
    Shot,
    drawing_chance,
    lesson_sources,
    tell_lesson,
)
from .timeline import FRAME_US

STEP_NAME = "lesson"
_SPOKEN_US = WORD_US * 4 // 5
"""How long a word takes of the time until the next."""


def make_lesson(lesson: Lesson) -> Iterator[Document]:
    """Yield the documents of a lesson, those to learn from first."""
    draw = DrawLesson()
    for source in lesson_sources(lesson):
        yield draw.document(source)


@dataclass(kw_only=True)
class DrawLesson(Map[Source, Document]):
    """Draw the videos that sources of `lesson_sources` stand for, and say what they show."""

    frames_per_clip: int = 8
    """Most pictures of one clip, as in a run's documents."""

    def process_batch(self, records: Sequence[Source]) -> list[Kept[Document]]:
        """Return the document of each source."""
        return [Kept(input_id=s.source_id, record=self.document(s)) for s in records]

    def document(self, source: Source) -> Document:
        """Return the document of a source.

        Raises:
            ValueError: the source is not one of the lesson's.
        """
        shots = tell_lesson(source.uri)
        # What a file's bytes are to a video that was fetched: all that it was made of.
        video_id = ids.video_id(_sha256(source.uri, shots))
        clips = tuple(self._clips(video_id, shots, drawing_chance(source.uri)))
        texts = [clip.texts for clip in clips]
        repeated = find_repeated(texts)
        clips = tuple(
            replace(clip, flags=(*clip.flags, Flag.REPEATED_CAPTION)) if is_repeated else clip
            for clip, is_repeated in zip(clips, repeated, strict=True)
        )
        text = interleave(clips, (), repeated)
        end_us = shots[-1].end_us
        flags = {flag for clip in clips for flag in clip.flags}
        document = Document(
            document_id=ids.document_id(video_id, 0, end_us, self.digest()),
            video_id=video_id,
            content_sha256="",
            schema_version=SCHEMA_VERSION,
            split=source.split or "train",
            source=_document_source(source, end_us),
            start_us=0,
            end_us=end_us,
            sequence=0,
            text=text,
            clips=clips,
            gaps=(),
            num_clips=len(clips),
            num_frames=sum(len(clip.frames) for clip in clips),
            num_chars=len(text),
            scores=document_scores(clips, language_probability=None),
            flags=tuple(flag for flag in Flag if flag in flags),
            integrity="complete",
            lineage=(Lineage(step=STEP_NAME, digest=self.digest()),),
        )
        return replace(document, content_sha256=content_sha256(document))

    def _clips(
        self, video_id: str, shots: Sequence[Shot], rng: np.random.Generator
    ) -> Iterator[DocumentClip]:
        last = len(shots) - 1
        for number, shot in enumerate(shots):
            times_us = evenly_spaced(
                range(shot.start_us, shot.end_us, GRID_US), self.frames_per_clip
            )
            yield DocumentClip(
                clip_id=ids.clip_id(video_id, shot.start_us, shot.end_us),
                start_us=shot.start_us,
                end_us=shot.end_us,
                boundary=ClipBoundary(
                    start_kind=BoundaryKind.CUT if number else BoundaryKind.START,
                    end_kind=BoundaryKind.CUT if number < last else BoundaryKind.END,
                    score=1.0,
                ),
                frames=tuple(_frames(shot, times_us, rng)),
                media=None,
                texts=tuple(_texts(shot)),
                words=_words(shot),
                scores=ClipScores(),
                flags=() if shot.sentence else (Flag.NO_AUDIO,),
            )


def _frames(
    shot: Shot, times_us: Sequence[int], rng: np.random.Generator
) -> Iterator[DocumentFrame]:
    picture = WorldPicture(shot.scene, rng)
    for time_us in times_us:
        progress = (time_us - shot.start_us) / (shot.end_us - shot.start_us - FRAME_US)
        jpeg = _frame_store().encode(picture.frame(progress))
        yield DocumentFrame(time_us=time_us, image=Image(bytes=jpeg))


@functools.cache
def _frame_store() -> FrameStore:
    return FrameStore()


def _texts(shot: Shot) -> Iterator[Caption]:
    yield Caption(
        kind=TextKind.GIVEN,
        text=describe(shot.scene),
        start_us=shot.start_us,
        end_us=shot.end_us,
        language="en",
    )
    words = _words(shot)
    if words:  # no recogniser heard it: what was to be said is known
        yield Caption(
            kind=TextKind.SPEECH,
            text=shot.sentence,
            start_us=words[0].start_us,
            end_us=words[-1].end_us,
            language="en",
        )


def _words(shot: Shot) -> tuple[Word, ...]:
    first_us = shot.start_us + BEFORE_SPEECH_US
    return tuple(
        Word(text=text, start_us=start_us, end_us=start_us + _SPOKEN_US)
        for number, text in enumerate(shot.sentence.split())
        for start_us in [first_us + number * WORD_US]
    )


def _document_source(source: Source, duration_us: int) -> DocumentSource:
    return DocumentSource(
        source_id=source.source_id,
        group=source.group or source.uri,
        uri=source.uri,
        site=None,
        title=source.title,
        creator="interlink.examples",
        creator_uri=None,
        published=None,
        duration_us=duration_us,
        language=source.language,
        license=source.license,
        license_raw=source.license,
        license_source="generated",
    )


def _sha256(uri: str, shots: Sequence[Shot]) -> str:
    content = {"uri": uri, "shots": [dataclasses.asdict(shot) for shot in shots]}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
