"""The byte-level tokenizer of the tiny base: any text has tokens, its own words have one each."""

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from .recipe import LanguageRecipe
from .text import sample_text
from .words import CONTENT_WORDS

PAD, BEGIN, END = "<pad>", "<s>", "</s>"
"""Tokens 0, 1 and 2."""


def train_tokenizer(recipe: LanguageRecipe, seed: int) -> PreTrainedTokenizerFast:
    """Learn merges from generated text. Adds no token of its own to a text."""
    rng = np.random.default_rng([seed, 1])
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocab_size,
        special_tokens=[PAD, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (sample_text(rng) for _ in range(recipe.tokenizer_texts))
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token=PAD, bos_token=BEGIN, eos_token=END
    )


def content_token_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, list[int]]:
    """Return the tokens of each content word, as it stands inside a sentence."""
    return {word: tokenizer.encode(f" {word}", add_special_tokens=False) for word in CONTENT_WORDS}
