"""What stands between text and pictures and the model's numbers: tokens, picture size."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, cast

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ...schemas.errors import UsageError
from .vision import VisionTower

VISUAL = "<visual>"
"""Stands where a media is shown."""
END_OF_CHUNK = "<|endofchunk|>"
"""Ends the text of one media."""
OUR_TOKENS = (VISUAL, END_OF_CHUNK)
FAITHFUL_TOKENS = (END_OF_CHUNK, VISUAL, "<|beginofchunk|>", "<human>", "<gpt>", "<PAD>")
"""In the order of the reference (`load_language_model.py`); the last four are never used."""
_FILE = "processor.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialTokens:
    """Ids that the model and the data need to know."""

    base_vocabulary: int
    """Size of the vocabulary before tokens were added; added ids begin here."""
    added: int
    """How many were added."""
    visual: int
    end_of_chunk: int
    bos: int | None
    """Begins a document; None where the tokenizer has no such token."""
    eos: int
    pad: int

    @property
    def vocabulary(self) -> int:
        """Size of the vocabulary with the added tokens."""
        return self.base_vocabulary + self.added


class CosmoProcessor:
    """Tokenizer with COSMO's tokens, and how pictures must look."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        special: SpecialTokens,
        *,
        size_px: int,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
    ) -> None:
        """Use `build` or `from_pretrained`.

        Args:
            tokenizer: with the tokens already added.
            special: their ids.
            size_px: side of the square that a whole picture is resized to, without cropping.
            mean: of RGB values in [0, 1], subtracted by the model.
            std: what they are divided by then, by the model.
        """
        self.tokenizer = tokenizer
        self.special = special
        self.size_px = size_px
        self.mean = mean
        self.std = std

    @classmethod
    def build(cls, language_model: Path, tower: VisionTower, *, faithful: bool) -> Self:
        """Add COSMO's tokens to the tokenizer of a language model's folder.

        Raises:
            UsageError: the tokenizer has no token that ends a text.
        """
        tokenizer = AutoTokenizer.from_pretrained(language_model, local_files_only=True)
        if tokenizer.eos_token_id is None:
            raise UsageError(f"the tokenizer of {language_model} has no end-of-text token")
        base = len(tokenizer)
        added = tokenizer.add_tokens(
            list(FAITHFUL_TOKENS if faithful else OUR_TOKENS), special_tokens=True
        )
        visual, end_of_chunk = (
            cast(int, tokenizer.convert_tokens_to_ids(token)) for token in (VISUAL, END_OF_CHUNK)
        )
        pad = tokenizer.pad_token_id
        special = SpecialTokens(
            base_vocabulary=base,
            added=added,
            visual=visual,
            end_of_chunk=end_of_chunk,
            bos=tokenizer.bos_token_id,
            eos=tokenizer.eos_token_id,
            pad=tokenizer.eos_token_id if pad is None else pad,
        )
        return cls(tokenizer, special, size_px=tower.size_px, mean=tower.mean, std=tower.std)

    def encode(self, text: str) -> list[int]:
        """Return the ids of plain text: no token is added, and none is special.

        A caption that contains the letters `<visual>` must not show a media that is not there.
        """
        ids: list[int] = self.tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=True
        )
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, special tokens left out, without surrounding space."""
        text = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return str(text).strip()

    def save_pretrained(self, folder: Path) -> None:
        """Write tokenizer and numbers into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save_pretrained(folder)
        content = {
            "special": asdict(self.special),
            "size_px": self.size_px,
            "mean": self.mean,
            "std": self.std,
        }
        (folder / _FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        """Read what `save_pretrained` wrote.

        Raises:
            UsageError: the folder holds no processor.
        """
        if not (folder / _FILE).is_file():
            raise UsageError(f"{folder} has no {_FILE}: it holds no processor of COSMO")
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(
            AutoTokenizer.from_pretrained(folder, local_files_only=True),
            SpecialTokens(**content["special"]),
            size_px=content["size_px"],
            mean=tuple(content["mean"]),
            std=tuple(content["std"]),
        )
