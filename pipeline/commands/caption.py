"""`interlink caption`: what a trained model says of a clip or a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...schemas.errors import UsageError
from .console import make_console
from .model_loading import loading

if TYPE_CHECKING:
    from ...model.cosmo.model import Cosmo


def caption(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video, a clip or a picture.")],
    model: Annotated[
        Path, typer.Option(help="Output folder of a training, or one of its checkpoints.")
    ],
    language_model: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Where the frozen one is, if it has moved.")
    ] = None,
    vision_tower: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Where the frozen one is, if it has moved.")
    ] = None,
) -> None:
    """Write a caption of a clip with a trained model.

    The clip is read as the pipeline reads videos, and the model is shown as many of its frames,
    evenly spaced, as it was in its training.
    """
    console = make_console()
    if not clip.is_file():
        raise UsageError(f"there is no file {clip}; name a video, a clip or a picture")
    with loading(console, f"loading {model}"):
        from ...model.caption import caption_clip, find_model, frames_per_clip
        from .clip_frames import read_clip_frames

        checkpoint = find_model(model)
        cosmo = _load(checkpoint, language_model, vision_tower)
        most = frames_per_clip(checkpoint)
    with loading(console, f"reading {clip}"):
        shown = read_clip_frames(clip, most=most)
    with loading(console, "writing"):
        text = caption_clip(cosmo, [frame.picture for frame in shown], [f.time_s for f in shown])
    console.print(text or "(the model ended without a word)", soft_wrap=True)
    times = ", ".join(f"{frame.time_s:.1f}" for frame in shown)
    noun = "frame" if len(shown) == 1 else "frames"
    facts = f"by {checkpoint}, which saw {len(shown)} {noun} at {times} s"
    console.print(facts, style="dim", soft_wrap=True)


def _load(folder: Path, language_model: str | None, vision_tower: str | None) -> "Cosmo":
    import torch

    from ...model.cosmo.model import Cosmo

    return Cosmo.from_pretrained(
        folder,
        language_model=language_model,
        vision_tower=vision_tower,
        device="cuda" if torch.cuda.is_available() else "cpu",
    )
