"""Tiny random models and batches: d 64, 4 layers, U 2, seconds on one thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedTokenizerFast,
)

from interlink.model.cosmo.batch import KINDS, NO_LOSS, Media, PackedBatch, PairBatch
from interlink.model.cosmo.config import CosmoConfig
from interlink.model.cosmo.model import Cosmo
from interlink.model.cosmo.processor import SpecialTokens
from interlink.model.cosmo.tiny_tower import TinyTower, TinyTowerConfig
from interlink.schemas.text import TextKind

BASE_VOCABULARY = 50
SPECIAL = SpecialTokens(
    base_vocabulary=BASE_VOCABULARY, added=2, visual=50, end_of_chunk=51, bos=1, eos=2, pad=0
)
SIZE_PX = 16
CAPTION = KINDS.index(TextKind.CAPTION)


def language_model(family: str, *, attention: str = "sdpa", tied: bool = True):
    """A random causal language model of 4 layers and 50 words."""
    shared = {
        "vocab_size": BASE_VOCABULARY,
        "hidden_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "tie_word_embeddings": tied,
        "attn_implementation": attention,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "initializer_range": 0.2,
        "max_position_embeddings": 128,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if family == "llama":
            config = LlamaConfig(intermediate_size=128, num_key_value_heads=2, **shared)
            return LlamaForCausalLM(config).eval()
        shared["init_std"] = shared.pop("initializer_range")
        return OPTForCausalLM(OPTConfig(word_embed_proj_dim=64, ffn_dim=128, **shared)).eval()


def tower():
    """A random tower: 16 px pictures, 4 patches, 32 wide."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return TinyTower(
            TinyTowerConfig(size_px=SIZE_PX, patch_px=8, width=32, depth=1, heads=2)
        ).eval()


def config(**changes):
    """Ours, made small; `faithful=True` gets the reference's switches."""
    values = {
        "language_model": "tiny",
        "vision_tower": "tiny",
        "unimodal_depth": 2,
        "xattn_every": 1,
        "xattn_heads": 4,
        "xattn_head_dim": 16,
        "num_latents": 4,
        "resampler_depth": 2,
        "resampler_heads": 2,
        "resampler_head_dim": 16,
        "contrastive_dim": 16,
        "fusion_heads": 2,
        "fusion_head_dim": 16,
    }
    return CosmoConfig(**values | changes)


@dataclass(frozen=True)
class Tiny:
    """Makes models, and documents as `model/data/` would render them."""

    family: str

    def model(
        self, *, gates: float | None = None, attention: str = "sdpa", tied: bool = True, **changes
    ):
        """A COSMO in evaluation mode, its gates as they start or all at one value."""
        with torch.random.fork_rng():
            torch.manual_seed(2)
            lm = language_model(self.family, attention=attention, tied=tied)
            cosmo = Cosmo(config(**changes), lm, tower(), SPECIAL).eval()
        if gates is not None:
            for block in cosmo.blocks.values():
                block.attention_gate.data.fill_(gates)
                block.feed_forward_gate.data.fill_(gates)
        return cosmo

    def media(self, frames: Sequence[Sequence[int]], *, seed: int = 3):
        """Random pictures: `[[2, 1], [3]]` is a row of two media and a row of one of 3 frames."""
        generator = torch.Generator().manual_seed(seed)
        longest = max((n for row in frames for n in row), default=1)
        shape = (len(frames), max(1, *(len(row) for row in frames)), longest)
        mask = torch.zeros(shape, dtype=torch.bool)
        for b, row in enumerate(frames):
            for m, count in enumerate(row):
                mask[b, m, :count] = True
        pictures = torch.randint(
            0, 256, (*shape, 3, SIZE_PX, SIZE_PX), dtype=torch.uint8, generator=generator
        )
        times = torch.arange(longest, dtype=torch.float32).expand(shape) * 0.7
        return Media(
            frames_BMFCHW=pictures * mask[..., None, None, None],
            frame_mask_BMF=mask,
            frame_times_BMF=times * mask,
        )

    def packed(
        self,
        rows: Sequence[Sequence[Sequence[int]]],
        *,
        frames: int = 2,
        pad_to: int | None = None,
        seed: int = 4,
        prefix: int = 2,
    ):
        """Documents of random words: `[[[3, 0], []], [[2]]]` packs two documents in the first row,
        one of clips with 3 and 0 words and one without clips, and one in the second row."""
        generator = torch.Generator().manual_seed(seed)
        made = [self._row(row, generator, prefix) for row in rows]
        length = pad_to or max(len(columns[0]) for columns in made)
        empty = (0, NO_LOSS, -1, -1, 0, 0)
        columns = [
            torch.tensor([row[i] + [empty[i]] * (length - len(row[i])) for row in made])
            for i in range(6)
        ]
        return PackedBatch(
            input_ids_BL=columns[0],
            labels_BL=columns[1],
            label_kinds_BL=columns[2].to(torch.int8),
            document_BL=columns[3].int(),
            position_ids_BL=columns[4],
            media_index_BL=columns[5].int(),
            media=self.media([[frames] * sum(len(doc) for doc in row) for row in rows], seed=seed),
            sequence_ids=tuple(f"row {b}" for b in range(len(rows))),
        )

    def _row(self, documents, generator, prefix):
        ids, labels, kinds, document, position, index = [], [], [], [], [], []
        media = 0
        for number, clips in enumerate(documents):
            words = [*torch.randint(3, 50, (prefix,), generator=generator).tolist()]
            tokens, sees, loss = [1, *words], [0] * (1 + prefix), [False] * (1 + prefix)
            for count in clips:
                media += 1
                tokens += [50, *torch.randint(3, 50, (count,), generator=generator).tolist(), 51]
                sees += [media] * (count + 2)
                loss += [False] + [True] * (count + 1)
            tokens.append(2)
            sees.append(sees[-1])
            loss.append(bool(clips))
            ids += tokens
            labels += [t if has else NO_LOSS for t, has in zip(tokens, loss, strict=True)]
            kinds += [CAPTION if has else -1 for has in loss]
            document += [number] * len(tokens)
            position += range(len(tokens))
            index += sees
        return ids, labels, kinds, document, position, index

    def pairs(self, words: Sequence[int], *, frames: int = 2, pad_to: int | None = None):
        """One pair for each number of words."""
        generator = torch.Generator().manual_seed(5)
        rows = [
            [1, 50, *torch.randint(3, 50, (n,), generator=generator).tolist(), 51, 2] for n in words
        ]
        length = pad_to or max(len(row) for row in rows)
        return PairBatch(
            input_ids_SL=torch.tensor([row + [0] * (length - len(row)) for row in rows]),
            attention_SL=torch.tensor(
                [[True] * len(row) + [False] * (length - len(row)) for row in rows]
            ),
            media=self.media([[frames]] * len(rows), seed=6),
            valid_S=torch.ones(len(rows), dtype=torch.bool),
            group_S=torch.arange(len(rows)),
            pair_ids=tuple(f"pair {i}" for i in range(len(rows))),
        )


@pytest.fixture(params=["llama", "opt"])
def tiny(request: pytest.FixtureRequest):
    """Tiny models and batches, for each family."""
    return Tiny(request.param)


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums in one order, whatever ran before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def save_tokenizer(folder: Path):
    """A tokenizer of 50 words: `<pad> <s> </s> w3 ... w49`."""
    words = ["<pad>", "<s>", "</s>", *(f"w{i}" for i in range(3, BASE_VOCABULARY))]
    plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<pad>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=plain, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    ).save_pretrained(folder)


@pytest.fixture
def bases(tmp_path: Path, tiny: Tiny):
    """Folders of a tiny language model with its tokenizer, and of a tiny tower."""
    language, vision = tmp_path / "language", tmp_path / "vision"
    language_model(tiny.family).save_pretrained(language)
    save_tokenizer(language)
    tower().save(vision)
    return language, vision
