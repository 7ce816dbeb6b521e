"""A loaded vision-language model: pictures and a prompt in, answers out. Imports torch."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError

from ...schemas.errors import EnvironmentFault, UsageError

# Its annotations do not hold under strict checking (version 5.23).
_hf: Any = transformers


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said."""

    text: str
    """Without surrounding space and special tokens."""
    is_cut_off: bool
    """Whether the limit of tokens ended it."""
    avg_logprob: float
    """Mean natural logarithm of its tokens' probabilities."""


class VisionLanguageModel:
    """Processor and model of one checkpoint, ready to answer.

    Args:
        folder: where the checkpoint lies; nothing else is read, nothing is downloaded, no pickle
            and no code of the checkpoint is run.
        dtype: `auto` or a torch dtype's name.
        device: `auto` or a torch device's name.

    Raises:
        UsageError: the folder holds no image-text-to-text model with a chat template.
        EnvironmentFault: a package that this model needs is missing.
    """

    def __init__(self, folder: Path, *, dtype: str, device: str) -> None:
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        _hf.utils.logging.disable_progress_bar()
        try:
            self._processor = _hf.AutoProcessor.from_pretrained(folder, local_files_only=True)
            self._model = _hf.AutoModelForImageTextToText.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=dtype
            )
            self._model.to(device).eval()
        except ImportError as error:
            raise EnvironmentFault(
                f"the model in {folder} needs a package that is missing: {error}"
            ) from error
        except torch.OutOfMemoryError as error:
            raise EnvironmentFault(f"{device} has no room for {folder.name}: {error}") from error
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise UsageError(
                f"{folder} cannot be loaded as an image-text-to-text model: {error}"
            ) from error
        if getattr(self._processor, "chat_template", None) is None:
            raise UsageError(
                f"the model in {folder} has no chat template: take an instruction-tuned one"
            )
        # Decoders go on from the last position, so that padding has to come first.
        self._processor.tokenizer.padding_side = "left"
        if self._processor.tokenizer.pad_token is None:
            self._processor.tokenizer.pad_token = self._processor.tokenizer.eos_token

    def ask(
        self, clips: Sequence[Sequence[NDArray[Any]]], prompt: str, *, max_new_tokens: int
    ) -> list[Answer]:
        """Ask the same about several clips, greedily, in one batch.

        Args:
            clips: for each clip its pictures, uint8, shape (height, width, 3), RGB.
            prompt: the question, put after the pictures.
            max_new_tokens: longest answer.

        Returns:
            One answer for each clip, in order.

        Raises:
            EnvironmentFault: one clip alone does not fit into the memory of the device.
        """
        try:
            return self._ask(clips, prompt, max_new_tokens)
        except torch.OutOfMemoryError as error:
            if len(clips) == 1:
                raise EnvironmentFault(
                    f"out of memory with one clip of {len(clips[0])} frames: lower "
                    f"frames_per_clip or max_new_tokens, or take a smaller model ({error})"
                ) from error
        # Outside of the handler, whose traceback keeps the tensors of the failed try alive.
        torch.cuda.empty_cache()
        middle = len(clips) // 2
        first = self.ask(clips[:middle], prompt, max_new_tokens=max_new_tokens)
        return first + self.ask(clips[middle:], prompt, max_new_tokens=max_new_tokens)

    def _ask(
        self, clips: Sequence[Sequence[NDArray[Any]]], prompt: str, max_new_tokens: int
    ) -> list[Answer]:
        images = [[Image.fromarray(picture) for picture in pictures] for pictures in clips]
        question = {"type": "text", "text": prompt}
        chats = [
            [{"role": "user", "content": [*({"type": "image"} for _ in pictures), question]}]
            for pictures in images
        ]
        texts = self._processor.apply_chat_template(
            chats, tokenize=False, add_generation_prompt=True
        )
        inputs = self._processor(text=texts, images=images, padding=True, return_tensors="pt")
        inputs = inputs.to(self._model.device, self._model.dtype)
        config = self._greedy(max_new_tokens)
        chosen = _ChosenLogprobs()
        with torch.inference_mode():
            output = self._model.generate(
                **inputs,
                generation_config=config,
                logits_processor=transformers.LogitsProcessorList([chosen]),
            )
        new_tokens = output[:, inputs["input_ids"].shape[1] :].tolist()
        logprobs = torch.stack(chosen.steps, dim=1).tolist()
        ends = _end_tokens(config)
        return [
            self._answer(tokens, row, ends)
            for tokens, row in zip(new_tokens, logprobs, strict=True)
        ]

    def _greedy(self, max_new_tokens: int) -> Any:  # noqa: ANN401  (transformers is untyped)
        """Return the checkpoint's generation settings without sampling."""
        config: Any = copy.deepcopy(self._model.generation_config)
        config.update(
            do_sample=False, num_beams=1, temperature=None, top_p=None, top_k=None, max_length=None
        )
        config.max_new_tokens = max_new_tokens
        if config.eos_token_id is None:
            config.eos_token_id = self._processor.tokenizer.eos_token_id
        config.pad_token_id = self._processor.tokenizer.pad_token_id
        return config

    def _answer(self, tokens: Sequence[int], logprobs: Sequence[float], ends: set[int]) -> Answer:
        length = next((i for i, token in enumerate(tokens) if token in ends), None)
        num_tokens = len(tokens) if length is None else length + 1
        text = self._processor.tokenizer.decode(tokens[:length], skip_special_tokens=True)
        return Answer(
            text=text.strip(),
            is_cut_off=length is None,
            avg_logprob=sum(logprobs[:num_tokens]) / num_tokens,
        )


class _ChosenLogprobs(transformers.LogitsProcessor):
    """Keeps the log-probability of each greedy token, not the scores of the whole vocabulary."""

    def __init__(self) -> None:
        self.steps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Record one step; the scores go on as they are."""
        exact = scores.float()
        self.steps.append(exact.amax(dim=-1) - exact.logsumexp(dim=-1))
        return scores


def _end_tokens(config: Any) -> set[int]:  # noqa: ANN401  (transformers is untyped)
    ends = config.eos_token_id
    return set(ends) if isinstance(ends, list | tuple) else {ends}
