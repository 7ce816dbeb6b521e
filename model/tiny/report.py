"""What a tiny base is worth: how small, how well it retrieves, what its output layer can say."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ...schemas.errors import InterlinkError
from .head_floor import MAX_FLOOR

_NUM_SHOWN = 5


class WeakBaseError(InterlinkError):
    """A tiny base came out unfit to learn on: its recipe is at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyReport:
    """Figures of one tiny base; written as `report.json` beside its weights."""

    digest: str
    """Names the recipe, see `TinyRecipe.digest`."""
    num_language_parameters: int
    num_tower_parameters: int
    language_loss: float
    """On texts that were not trained on, nats per token."""
    picture_to_caption: float
    """Share of unseen pictures whose own caption, unseen too, is the nearest of 256."""
    caption_to_picture: float
    """Share of the captions whose own picture is the nearest."""
    head_floor: dict[str, float]
    """The lowest loss that the output layer allows for each content word, nats."""
    language_cpu_s: float
    """Processor time of tokenizer and language model."""
    tower_cpu_s: float
    """Processor time of the tower."""
    files: dict[str, str]
    """sha256 by path of each file of the two folders."""

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "TinyReport":
        """Read what `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def summary(self) -> str:
        """Return the figures as lines for a person."""
        worst = ", ".join(
            f"{word} {floor:.4f}" for word, floor in _descending(self.head_floor)[:_NUM_SHOWN]
        )
        return "\n".join(
            [
                f"tiny base {self.digest}",
                f"  language model  {self.num_language_parameters / 1e6:.2f} M parameters, "
                f"{self.language_cpu_s:.0f} CPU-s, loss {self.language_loss:.3f} nats per token",
                f"  vision tower    {self.num_tower_parameters / 1e6:.2f} M parameters, "
                f"{self.tower_cpu_s:.0f} CPU-s",
                f"  retrieval       picture to caption {self.picture_to_caption:.3f}, "
                f"caption to picture {self.caption_to_picture:.3f} (of 256, captions unseen)",
                f"  head floor      under {MAX_FLOOR} for each of {len(self.head_floor)} words, "
                f"the highest: {worst}",
            ]
        )


def check_head_floor(floors: Mapping[str, float]) -> None:
    """Refuse a base whose output layer cannot say some content word with certainty.

    Raises:
        WeakBaseError: a word's floor is not under 0.05 nats.
    """
    weak = [f"{word} {floor:.3f}" for word, floor in _descending(floors) if not floor < MAX_FLOOR]
    if weak:
        raise WeakBaseError(
            f"the tiny base's head floor must be under {MAX_FLOOR} nats for each content word, and "
            f"is not for {', '.join(weak)}: no training on top of it could get below that; give "
            "these words more dictionary lines (model/tiny/text.py) or the model more steps"
        )


def _descending(floors: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(floors.items(), key=lambda item: (-item[1], item[0]))
