"""The transcribe step's transform: what is said in each video, once per video, never per clip."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from ...schemas.errors import RecordError
from ...schemas.video import Video
from ..base import Failed, Kept, Map, Rejected
from .faster_whisper import FasterWhisper
from .recognizer import LoadedRecognizer, merge_transcripts
from .sound import sounds

AnyRecognizer = FasterWhisper
"""Every recogniser that a recipe can name. The second one makes this a union:
`Annotated[FasterWhisper | Other, Field(discriminator="backend")]`."""


@dataclasses.dataclass(kw_only=True)
class Transcribe(Map[Video, Video]):
    """Fills `Video.transcript` from the scan's audio; a video without sound gets an empty one."""

    recognizer: AnyRecognizer = dataclasses.field(default_factory=FasterWhisper)
    """Which recogniser hears, and its parameters."""

    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        self._loaded: LoadedRecognizer | None = None

    def setup(self) -> None:
        """Load the model."""
        self._loaded = self.recognizer.load()

    def teardown(self) -> None:
        """Free the model."""
        self._loaded = None

    def models(self) -> tuple[str, ...]:
        """Name the recogniser's model as `name@revision`."""
        return self.recognizer.models()

    def process_batch(self, records: Sequence[Video]) -> Sequence[Kept[Video] | Rejected | Failed]:
        """Return each video with its transcript, or its failure.

        Raises:
            RuntimeError: `setup` was not called.
            ValueError: a video was not scanned.
        """
        return [self._transcribe(video) for video in records]

    def _transcribe(self, video: Video) -> Kept[Video] | Failed:
        if self._loaded is None:
            raise RuntimeError("Transcribe has no model: call setup first")
        if video.scan is None:
            raise ValueError(f"video {video.video_id} was not scanned: run scan before transcribe")
        try:
            parts = [
                self._loaded.transcribe(s) for s in sounds(video.scan.audio, self.files().read)
            ]
        except RecordError as error:
            return Failed(
                input_id=video.video_id, code=error.code, message=error.message, value=error.value
            )
        transcript = merge_transcripts(
            parts, model=self._loaded.model, revision=self._loaded.revision
        )
        return Kept(
            input_id=video.video_id, record=dataclasses.replace(video, transcript=transcript)
        )
