"""Captions of single clips by a trained COSMO: the model writes on from `<s> <visual>`.

Shapes: F frames, C channels, H W pixels.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..schemas.errors import UsageError
from .checkpoint import CHECKPOINTS, SEAL, STATE, check_seal, newest_checkpoint, read_state
from .cosmo import pretrained
from .cosmo.generate import Prompt, generate
from .cosmo.model import Cosmo
from .data.collate import ClipFrames, stack_media
from .data.pictures import Pixels, resize_picture
from .data.render import Chunk, render
from .data.vocabulary import Vocabulary

DEFAULT_FRAMES = 4
"""Frames of a clip for a model that does not come with its recipe."""
_MAX_NEW_TOKENS = 64


def caption_clip(model: Cosmo, frames: Sequence[Pixels], times_s: Sequence[float]) -> str:
    """Return what a model says of a clip, by greedy search.

    Args:
        model: in evaluation mode, with its processor.
        frames: RGB pictures in time order, uint8, shape (height, width, 3), of any size; the model
            sees each whole, resized to a square.
        times_s: when each is shown, in seconds since the clip's start.

    Raises:
        ValueError: there is no frame, or the model has no processor.
    """
    if model.processor is None:
        raise ValueError("the model has no processor: build it from folders")
    if not frames or len(frames) != len(times_s):
        raise ValueError(f"{len(frames)} frames and {len(times_s)} times: need one time for each")
    size_px = model.processor.size_px
    clip = ClipFrames(
        pixels_FCHW=np.stack([resize_picture(frame, size_px) for frame in frames]),
        times_F=np.array(times_s, np.float32),
    )
    return caption_frames(model, clip)


def caption_frames(model: Cosmo, clip: ClipFrames) -> str:
    """Return what a model says of a clip whose frames have the size of its pictures already.

    Raises:
        ValueError: the model has no processor.
    """
    processor = model.processor
    if processor is None:
        raise ValueError("the model has no processor: build it from folders")
    vocabulary = Vocabulary.of(processor.tokenizer)
    ids = render([Chunk(pieces=())], vocabulary, lambda kind: 0.0).ids
    # As training renders it, up to where the text of the first clip begins.
    prompt = Prompt.make(
        [ids[: ids.index(vocabulary.visual_id) + 1]],
        stack_media([[clip]], size_px=processor.size_px),
        pad=processor.special.pad,
    )
    # The frozen half may be bf16, and what was trained is float32: what meets there must be cast.
    frozen = next(model.language.model.parameters())
    is_mixed = frozen.dtype != torch.float32
    with torch.autocast(frozen.device.type, dtype=frozen.dtype, enabled=is_mixed):
        (written,) = generate(model, prompt.to(frozen.device), max_new_tokens=_MAX_NEW_TOKENS)
    return processor.decode(written)


def find_model(folder: Path) -> Path:
    """Return the folder of a trained model: the newest checkpoint of a training, or `folder`.

    Args:
        folder: output of a training, one of its checkpoints, or what `save_pretrained` wrote.

    Raises:
        UsageError: there is no model in it, or it is damaged.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; name the output of `interlink train`")
    if (folder / CHECKPOINTS).is_dir():
        newest = newest_checkpoint(folder / CHECKPOINTS)
        if newest is None:
            raise UsageError(f"{folder} holds no whole checkpoint: the training has not begun")
        return newest
    if not (folder / SEAL).exists() and _is_part_of_training(folder):
        raise UsageError(
            f"{folder} is no whole checkpoint: its writing was interrupted, it has no {SEAL}; "
            "take an earlier one"
        )
    problem = check_seal(folder) if (folder / SEAL).exists() else None
    if problem is not None:
        raise UsageError(f"{folder} is damaged: {problem}; take an earlier checkpoint")
    if not (folder / pretrained.CONFIG).is_file():
        raise UsageError(
            f"{folder} holds no model of COSMO; name the output of `interlink train`, or one of "
            "its checkpoints"
        )
    return folder


def frames_per_clip(model: Path) -> int:
    """Return how many frames of a clip a model was shown in its training, at most.

    Args:
        model: as `find_model` returns it.
    """
    if not (model / STATE).is_file():
        return DEFAULT_FRAMES
    return int(read_state(model)["recipe"]["budgets"]["frames_per_clip"])


def _is_part_of_training(folder: Path) -> bool:
    return folder.parent.name == CHECKPOINTS or (folder / STATE).exists()
