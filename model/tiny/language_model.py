"""Trains the tiny language model: the shape of Llama, on generated text.

Shapes: B rows, L tokens.
"""

import logging
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own name for it)
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from .recipe import LanguageRecipe
from .text import sample_text
from .training import Descent, reproducible

MAX_POSITIONS = 1024
_EMBEDDING_STD = 0.08
"""Four times the usual: rows that begin apart stay apart. Head floors are under 0.001 with it and
up to 0.17 with the usual 0.02."""
_LOG_EVERY = 100
_logger = logging.getLogger(__name__)


def train_language_model(
    tokenizer: PreTrainedTokenizerFast, recipe: LanguageRecipe, seed: int
) -> LlamaForCausalLM:
    """Train a model whose output layer is tied to its embeddings."""
    with reproducible(seed):
        model = LlamaForCausalLM(_config(tokenizer, recipe))
        nn.init.normal_(model.model.embed_tokens.weight, std=_EMBEDDING_STD)
        descent = Descent(model, learning_rate=recipe.learning_rate, steps=recipe.steps)
        batches = token_batches(tokenizer, recipe, np.random.default_rng([seed, 2]))
        for step in range(recipe.steps):
            loss = next_token_loss(model, next(batches))
            descent.step(loss, step)
            if step % _LOG_EVERY == 0 or step == recipe.steps - 1:
                _logger.info("language model, step %d: loss %.3f", step, loss.item())
    model.train(False)
    return model


def token_batches(
    tokenizer: PreTrainedTokenizerFast, recipe: LanguageRecipe, rng: np.random.Generator
) -> Iterator[Tensor]:
    """Yield ids_BL without end: texts laid end to end, each between the two marks."""
    size, stream = recipe.rows * recipe.row_tokens, list[int]()
    while True:
        while len(stream) < size:
            ids = tokenizer.encode(sample_text(rng), add_special_tokens=False)
            stream += [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
        yield torch.tensor(stream[:size]).view(recipe.rows, recipe.row_tokens)
        stream = stream[size:]


def next_token_loss(model: LlamaForCausalLM, ids_BL: Tensor) -> Tensor:
    """Return the mean loss in nats per token."""
    logits = model(input_ids=ids_BL, use_cache=False).logits
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids_BL[:, 1:].flatten())


def _config(tokenizer: PreTrainedTokenizerFast, recipe: LanguageRecipe) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=5 * recipe.width // 2,
        num_hidden_layers=recipe.num_layers,
        num_attention_heads=recipe.num_heads,
        num_key_value_heads=recipe.num_heads,
        max_position_embeddings=MAX_POSITIONS,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
