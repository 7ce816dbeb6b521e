"""What rendering needs of a tokenizer: encoding of plain text, and ids of special tokens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...schemas.errors import UsageError
from ...schemas.ids import digest
from ..cosmo.processor import END_OF_CHUNK, VISUAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A tokenizer as rendering sees it; made by `Vocabulary.of`."""

    backend: "Tokenizer"
    """Encodes text; it adds nothing and takes no text for a special token."""
    start_id: int | None
    """Id of the start of text; None where the language model knows none."""
    end_id: int
    """Id of the end of text."""
    visual_id: int
    endofchunk_id: int
    pad_id: int
    digest: str
    """Tells tokenizers apart."""

    @classmethod
    def of(cls, tokenizer: "PreTrainedTokenizerBase") -> "Vocabulary":
        """Take what is needed from a tokenizer to which the special tokens were added.

        Raises:
            UsageError: it lacks `<visual>`, `<|endofchunk|>` or an end of text, or it has no fast
                form (`tokenizers`).
        """
        from tokenizers import Tokenizer

        fast: Any = getattr(tokenizer, "backend_tokenizer", None)
        if fast is None:
            raise UsageError(
                f"the tokenizer {tokenizer.name_or_path!r} has no fast form (tokenizer.json)"
            )
        text = fast.to_str()
        # A copy, because a caption may spell "<visual>" and must not become a media.
        backend = Tokenizer.from_str(text)
        backend.encode_special_tokens = True
        backend.no_padding()
        backend.no_truncation()
        ids = {name: fast.token_to_id(name) for name in (VISUAL, END_OF_CHUNK)}
        ids["an end of text"] = tokenizer.eos_token_id
        for name, found in ids.items():
            if found is None:
                raise UsageError(f"the tokenizer {tokenizer.name_or_path!r} lacks {name}")
        pad_id = tokenizer.pad_token_id
        return cls(
            backend=backend,
            start_id=tokenizer.bos_token_id,
            end_id=ids["an end of text"],
            visual_id=ids[VISUAL],
            endofchunk_id=ids[END_OF_CHUNK],
            pad_id=ids["an end of text"] if pad_id is None else pad_id,
            digest=digest("vocabulary", text, tokenizer.bos_token_id, tokenizer.eos_token_id),
        )

    def encode(self, texts: "Sequence[str]") -> list[tuple[int, int]]:
        """Encode texts that stand one after another, a space between them, as one text.

        Returns:
            For each token its id and the index of the text that it belongs to.
        """
        if not texts:
            return []
        encoding = self.backend.encode(" ".join(texts), add_special_tokens=False)
        ends: list[int] = []
        for text in texts:
            ends.append(len(text) + (ends[-1] + 1 if ends else 0))
        found = []
        index = 0
        for token, (_, end) in zip(encoding.ids, encoding.offsets, strict=True):
            # By its end: a token of a text after the first may start with the space before it.
            while index < len(ends) - 1 and end > ends[index]:
                index += 1
            found.append((token, index))
        return found
