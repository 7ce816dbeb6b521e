"""Captions by a vision-language model of the Hugging Face kind: frames as images, one prompt."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ...schemas.errors import EnvironmentFault
from ...schemas.ids import digest
from ...schemas.text import Caption, TextKind, TextScores
from ..base import parameter
from ..weights import Weights, resolve_weights
from .captioner import Captioner, ClipFrames, ClipTexts, Item, evenly
from .quality import repetition_share, text_status

if TYPE_CHECKING:
    from .vlm import Answer, VisionLanguageModel

DEFAULT_PROMPT = (
    "These pictures are frames of one video clip, in the order of time. Describe in two or three "
    "sentences what happens: who or what is seen, what they do, with which things, and where. "
    "Say only what can be seen. Do not mention frames, pictures or the video."
)


@dataclasses.dataclass(kw_only=True)
class TransformersCaptioner(Captioner):
    """An image-text-to-text model with a chat template, such as LLaVA, Qwen-VL or SmolVLM."""

    backend: Literal["transformers"] = "transformers"
    # Name and revision stand in the digest, through `models`, and not where the folder lies.
    model: str = dataclasses.field(metadata={"in_digest": False})
    """A folder with `config.json` and safetensors, or a name on the hub such as `owner/model`."""
    prompt: str = DEFAULT_PROMPT
    """What the model is asked, after the frames."""
    frames_per_clip: int = 8
    """Frames of each clip that it sees, evenly spaced."""
    max_new_tokens: int = 160
    """Longest answer; what is longer is cut off and marked `truncated`."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Type of the weights; `auto` takes the checkpoint's."""
    device: str = parameter("auto", in_digest=False)
    """`auto` takes a GPU if there is one; else a name of torch's, such as `cpu` or `cuda:1`."""

    def __post_init__(self) -> None:
        for name in ("frames_per_clip", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        self._weights: Weights | None = None
        self._loaded: VisionLanguageModel | None = None

    def name_and_revision(self) -> tuple[str, str]:
        """Return the model's name and what tells its weights apart."""
        weights = self._weights or resolve_weights(self.model, "transformers")
        return weights.name, weights.revision

    def setup(self) -> None:
        """Load the model.

        Raises:
            EnvironmentFault: torch or transformers is missing, or the model is found nowhere.
            UsageError: what was found is no such model.
        """
        try:
            from .vlm import VisionLanguageModel
        except ImportError as error:
            raise EnvironmentFault(
                f"captioning with a model needs torch and transformers ({error}): "
                "pip install 'interlink[caption]'"
            ) from error
        self._weights = resolve_weights(self.model, "transformers")
        self._loaded = VisionLanguageModel(self._weights.path, dtype=self.dtype, device=self.device)

    def teardown(self) -> None:
        """Release the model and its memory."""
        self._loaded = None

    def choose(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return `frames_per_clip` of a clip's frames."""
        return evenly(items, self.frames_per_clip)

    def caption(self, clips: Sequence[ClipFrames]) -> list[ClipTexts]:
        """Ask the model about each clip, all of them in one batch."""
        if self._loaded is None:
            raise RuntimeError("TransformersCaptioner has no model: call setup first")
        pictures = [[frame.rgb for frame in clip.frames] for clip in clips]
        answers = self._loaded.ask(pictures, self.prompt, max_new_tokens=self.max_new_tokens)
        return [
            ClipTexts(clip_id=clip.clip_id, captions=(self._caption(clip, answer),))
            for clip, answer in zip(clips, answers, strict=True)
        ]

    def _caption(self, clip: ClipFrames, answer: "Answer") -> Caption:
        name, revision = self.name_and_revision()
        return Caption(
            kind=TextKind.CAPTION,
            text=answer.text,
            start_us=clip.start_us,
            end_us=clip.end_us,
            model=name,
            revision=revision,
            prompt_digest=digest(self.prompt),
            status=text_status(answer.text, is_cut_off=answer.is_cut_off),
            frames_digest=clip.frames_digest,
            scores=TextScores(
                avg_logprob=answer.avg_logprob, repetition_share=repetition_share(answer.text)
            ),
        )
