"""The embedded captioner: states what it measured, with no model but the reader of screen text."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from ...schemas.arrow import to_plain
from ...schemas.text import Caption, Evidence, TextKind
from . import ocr_models
from .captioner import Captioner, ClipFrames, ClipTexts, Item, evenly

if TYPE_CHECKING:
    from .measure import Facts
    from .screen_text import ScreenTextReader

_MAX_FRAMES = 120
"""One minute of the grid; a longer clip is seen in larger steps."""


@dataclasses.dataclass(kw_only=True)
class FactsCaptioner(Captioner):
    """Colours, plain things, camera and on-screen text, measured with OpenCV and RapidOCR."""

    backend: Literal["facts"] = "facts"
    read_screen_text: bool = True
    """Read on-screen text; needs the extra `interlink[ocr]`."""

    sees_batches: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._reader: ScreenTextReader | None = None

    def name_and_revision(self) -> tuple[str, str]:
        """Return `facts` and a revision that also names the reader's models."""
        reader = f"-ocr-{ocr_models.REVISION}" if self.read_screen_text else ""
        return "facts", f"{self.version}{reader}"

    def setup(self) -> None:
        """Load the reader of on-screen text.

        Raises:
            EnvironmentFault: RapidOCR is missing or is not the version that we know.
        """
        import cv2

        from .screen_text import ScreenTextReader

        cv2.setNumThreads(1)
        self._reader = ScreenTextReader() if self.read_screen_text else None

    def teardown(self) -> None:
        """Release the reader."""
        self._reader = None

    def choose(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return all frames of a clip up to a minute."""
        return evenly(items, _MAX_FRAMES)

    def caption(self, clips: Sequence[ClipFrames]) -> list[ClipTexts]:
        """State the facts of each clip, and its on-screen text in a caption of its own."""
        from .measure import measure

        texts = []
        for clip in clips:
            facts = measure(clip.frames, self._reader)
            texts.append(
                ClipTexts(
                    clip_id=clip.clip_id,
                    captions=tuple(self._captions(clip, facts)),
                    text_area_share=facts.text_area_share,
                )
            )
        return texts

    def _captions(self, clip: ClipFrames, facts: "Facts") -> Iterator[Caption]:
        from .sentence import write_sentence

        model, revision = self.name_and_revision()
        evidence = tuple(_evidence(facts))
        yield Caption(
            kind=TextKind.CAPTION,
            text=write_sentence(facts),
            start_us=clip.start_us,
            end_us=clip.end_us,
            model=model,
            revision=revision,
            language="en",
            frames_digest=clip.frames_digest,
            evidence=evidence,
        )
        if facts.screen_text:
            yield Caption(
                kind=TextKind.SCREEN_TEXT,
                text="\n".join(line.text for line in facts.screen_text),
                start_us=clip.start_us,
                end_us=clip.end_us,
                model=ocr_models.MODEL,
                revision=ocr_models.REVISION,
                frames_digest=clip.frames_digest,
                evidence=tuple(item for item in evidence if item.kind == "screen_text"),
            )


def _evidence(facts: "Facts") -> Iterator[Evidence]:
    named: list[tuple[str, object]] = [("background", facts.background)]
    named += [("object", thing) for thing in facts.objects]
    named += [("camera", facts.camera)]
    named += [("screen_text", line) for line in facts.screen_text]
    named += [("brightness", facts.brightness)]
    for kind, fact in named:
        plain = to_plain(fact)
        yield Evidence(
            kind=kind,
            ref=json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        )
