"""Captioning clips: reads the frames that a captioner chose, adds what it says to the clip."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ...schemas.clip import Clip
from ...schemas.errors import RecordError
from ...schemas.ids import digest
from ...schemas.outcome import ErrorCode
from ...schemas.text import Caption, TextKind, TextStatus
from ...schemas.video import BoundaryKind, Frame
from ..base import Failed, Kept, Map
from ..media.jpeg import decode_jpeg
from .captioner import ClipFrame, ClipFrames, ClipTexts
from .facts import FactsCaptioner
from .transformers_vlm import TransformersCaptioner

_GRADUAL = (BoundaryKind.FADE, BoundaryKind.DISSOLVE)
_HALF_TRANSITION_US = 1_000_000
"""A clip's edge lies in the middle of a transition, and few last longer than two seconds."""

AnyCaptioner = Annotated[FactsCaptioner | TransformersCaptioner, Field(discriminator="backend")]
"""Every backend, told apart by its `backend`; a new one is one file and its name here."""


@dataclasses.dataclass(kw_only=True)
class CaptionClips(Map[Clip, Clip]):
    """Adds what is seen to each clip. Texts that are there already stay."""

    captioner: AnyCaptioner = dataclasses.field(default_factory=FactsCaptioner)
    """Who captions."""

    @property
    def sees_batches(self) -> bool:
        """As the captioner says."""
        return self.captioner.sees_batches

    def setup(self) -> None:
        """Load the captioner's models."""
        self.captioner.setup()

    def teardown(self) -> None:
        """Release the captioner's models."""
        self.captioner.teardown()

    def models(self) -> tuple[str, ...]:
        """Name the captioner's models."""
        return self.captioner.models()

    def process_batch(self, records: Sequence[Clip]) -> list[Kept[Clip] | Failed]:
        """Caption a batch of clips; a clip whose frames cannot be read fails alone."""
        results: list[Kept[Clip] | Failed] = []
        shown: list[ClipFrames] = []
        for clip in records:
            if not clip.frames:
                results.append(Kept(input_id=clip.clip_id, record=self._without_frames(clip)))
                continue
            try:
                shown.append(self._show(clip))
            except RecordError as error:
                failed = Failed(input_id=clip.clip_id, code=error.code, message=error.message)
                results.append(failed)
        said = {text.clip_id: text for text in self.captioner.caption(shown)} if shown else {}
        clips = {clip.clip_id: clip for clip in records}
        for frames in shown:
            results.append(_add_texts(clips[frames.clip_id], said.get(frames.clip_id)))
        return results

    def _show(self, clip: Clip) -> ClipFrames:
        chosen = self.captioner.choose(_settled(clip))
        return ClipFrames(
            clip_id=clip.clip_id,
            start_us=clip.start_us,
            end_us=clip.end_us,
            frames=tuple(self._decode(frame) for frame in chosen),
            frames_digest=digest([[f.time_us, f.reference.sha256] for f in chosen]),
        )

    def _decode(self, frame: Frame) -> ClipFrame:
        data = self.files().read(frame.reference)
        return ClipFrame(
            time_us=frame.time_us, sha256=frame.reference.sha256, rgb=decode_jpeg(data)
        )

    def _without_frames(self, clip: Clip) -> Clip:
        """Say that this captioner had nothing to look at: an empty text with status `error`."""
        model, revision = self.captioner.name_and_revision()
        nothing = Caption(
            kind=TextKind.CAPTION,
            text="",
            start_us=clip.start_us,
            end_us=clip.end_us,
            model=model,
            revision=revision,
            status=TextStatus.ERROR,
        )
        return dataclasses.replace(clip, captions=(*clip.captions, nothing))


def _settled(clip: Clip) -> Sequence[Frame]:
    """Return the clip's frames without those that a fade or dissolve mixes with its neighbour."""
    start_us, end_us = clip.start_us, clip.end_us
    if clip.boundary.start_kind in _GRADUAL:
        start_us += _HALF_TRANSITION_US
    if clip.boundary.end_kind in _GRADUAL:
        end_us -= _HALF_TRANSITION_US
    settled = [frame for frame in clip.frames if start_us <= frame.time_us < end_us]
    return settled if 2 * len(settled) >= len(clip.frames) else clip.frames


def _add_texts(clip: Clip, texts: ClipTexts | None) -> Kept[Clip] | Failed:
    if texts is None:
        message = "the captioner gave no answer for this clip"
        return Failed(input_id=clip.clip_id, code=ErrorCode.MODEL_ERROR, message=message)
    scores = clip.scores
    if texts.text_area_share is not None:
        scores = dataclasses.replace(scores, text_area_share=texts.text_area_share)
    captions = (*clip.captions, *texts.captions)
    record = dataclasses.replace(clip, captions=captions, scores=scores)
    return Kept(input_id=clip.clip_id, record=record)
