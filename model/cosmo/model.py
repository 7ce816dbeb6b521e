"""COSMO: a frozen tower and a frozen, split language model, joined by few trained parts.

    pictures -> tower* -> resampler -+-> summary ------------> image embedding
                                     +-> visual tokens --+
    text -> layers* 0..U-1 -+-> text fusion -------------|---> text embedding
                            +-> layers* U.. <- gated cross attention -> logits      (* frozen)

Shapes: B sequences, L tokens, M media, F frames, C channels, H W pixels, P patches, V vision width,
N latents, D language width, Y vocabulary, S pairs.
"""

from collections.abc import Mapping
from typing import Self, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from .bases import language_model_folder, load_language_model, vision_tower_folder
from .batch import Media, PackedBatch, PairBatch
from .config import CosmoConfig
from .families import Step
from .heads import ContrastiveHeads, Embeddings
from .language import SplitLanguageModel, TokenRows
from .masks import block_causal_mask, check_media
from .processor import CosmoProcessor, SpecialTokens
from .resampler import MediaTokens, Resampler
from .vision import VisionTower, frame_features, load_vision_tower
from .xattn import GatedCrossAttention, MediaKeys, MediaView

FROZEN = ("tower.", "language.model.")
"""Prefixes of the parameters that are never trained or saved."""
PARTS = {
    "resampler": "resampler.",
    "gated cross attention": "blocks.",
    "contrastive heads": "heads.",
    "token rows": "language.rows.",
}
"""The trained parts and the prefixes of their parameters."""


class Cosmo(nn.Module):
    """The model on one device; whatever spreads it over several stands outside."""

    def __init__(
        self,
        config: CosmoConfig,
        language_model: PreTrainedModel,
        tower: nn.Module,
        special: SpecialTokens,
    ) -> None:
        """Join loaded bases; most callers want `build` or `from_pretrained`."""
        super().__init__()
        self.config = config
        self.special = special
        self.processor: CosmoProcessor | None = None
        self.tower = tower.requires_grad_(False).eval()
        rows = TokenRows(
            language_model, special.added, learn=config.new_rows, random=config.faithful
        )
        self.language = SplitLanguageModel(
            language_model, rows, base_vocabulary=special.base_vocabulary
        )
        self.language.require_depth(config.unimodal_depth)
        width, vision_width = self.language.width, self._tower.width
        self.resampler = Resampler(vision_width, config)
        self.blocks = nn.ModuleDict(
            {
                str(number): GatedCrossAttention(width, vision_width, config)
                for number in self.language.numbers[config.unimodal_depth :: config.xattn_every]
            }
        )
        self.heads = ContrastiveHeads(width, vision_width, config)

    @classmethod
    def build(
        cls,
        config: CosmoConfig,
        *,
        device: torch.device | str = "cpu",
        frozen_dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> Self:
        """Load the bases and start the trained parts afresh.

        Args:
            config: what to build.
            device: where the model shall be.
            frozen_dtype: of the bases; what is trained is float32 always.
            seed: of the trained parts; the global generator is left as it was.

        Raises:
            UsageError: a base is no model, of an unknown kind, or comes as a pickle.
            EnvironmentFault: a base is not here and cannot be fetched.
        """
        folder = language_model_folder(config.language_model)
        tower = load_vision_tower(
            vision_tower_folder(config.vision_tower), final_norm=config.tower_final_norm
        ).to(frozen_dtype)
        processor = CosmoProcessor.build(folder, cast(VisionTower, tower), faithful=config.faithful)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = cls(
                config, load_language_model(folder, dtype=frozen_dtype), tower, processor.special
            )
        model.processor = processor
        return model.to(device)

    def train(self, mode: bool = True) -> Self:
        """Keep the frozen tower in evaluation mode."""
        super().train(mode)
        self.tower.eval()
        return self

    def forward(self, batch: PackedBatch) -> Tensor:
        """Return the logits [B, L, Y] of packed sequences.

        Raises:
            ValueError: the media of a row are not as many as its `<visual>` tokens.
        """
        check_media(batch, self.special.visual)
        media = self.encode_media(batch.media)
        hidden_BLD = self.language.embed(batch.input_ids_BL, batch.position_ids_BL)
        mask_B1LL = block_causal_mask(
            batch.document_BL, batch.document_BL.shape[1], hidden_BLD.dtype
        )
        step = self.language.step(hidden_BLD, mask_B1LL, batch.position_ids_BL)
        hidden_BLD = self.language.run(self.lower, hidden_BLD, step)
        view = self.view(batch.media_index_BL, media)
        hidden_BLD = self.upper(hidden_BLD, step, self.media_keys(media), view)
        return self.language.logits(hidden_BLD)

    def encode_pairs(self, batch: PairBatch) -> Embeddings:
        """Return both sides of pairs; only the lower half of the language model runs."""
        position_ids_SL = (batch.attention_SL.cumsum(1) - 1).clamp(min=0)
        hidden_SLD = self.language.embed(batch.input_ids_SL, position_ids_SL)
        document_SL = batch.attention_SL.int() - 1
        mask_S1LL = block_causal_mask(document_SL, document_SL.shape[1], hidden_SLD.dtype)
        step = self.language.step(hidden_SLD, mask_S1LL, position_ids_SL)
        # The reference takes hidden_states[U - 1], which is the stream after U - 1 layers.
        layers = self.lower[:-1] if self.config.faithful else self.lower
        hidden_SLD = self.language.run(layers, hidden_SLD, step)
        return self.heads(  # type: ignore[no-any-return]
            self._summary(batch.media), hidden_SLD, self._text_tokens(batch)
        )

    def encode_media(self, media: Media) -> MediaTokens:
        """Return visual tokens; the tower sees only frames that there are."""
        features_BMFPV = frame_features(self.tower, media)
        tokens: MediaTokens = self.resampler(
            features_BMFPV, media.frame_mask_BMF, media.frame_times_BMF
        )
        return tokens

    def media_keys(self, media: MediaTokens) -> dict[str, MediaKeys]:
        """Return each block's keys and values of the media: once per call."""
        return {name: block.media_keys(media.tokens_BMNV) for name, block in self._blocks()}

    def view(self, media_index_BL: Tensor, media: MediaTokens) -> MediaView:
        """Return which media each token sees, for all blocks."""
        _, num_media, num_latents, _ = media.tokens_BMNV.shape
        return MediaView.make(
            media_index_BL,
            media=num_media,
            latents=num_latents,
            dense=self.config.xattn_form == "dense",
        )

    @property
    def lower(self) -> range:
        """Numbers of the layers that see text only."""
        return self.language.numbers[: self.config.unimodal_depth]

    def upper(
        self, hidden_BLD: Tensor, step: Step, keys: Mapping[str, MediaKeys], view: MediaView
    ) -> Tensor:
        """Run the multimodal half: a gated block acts on the input of its layer."""
        blocks = dict(self._blocks())
        for number in self.language.numbers[self.config.unimodal_depth :]:
            if (name := str(number)) in blocks:
                hidden_BLD = blocks[name](hidden_BLD, keys[name], view)
            hidden_BLD = self.language.run([number], hidden_BLD, step)
        return hidden_BLD

    @torch.no_grad()
    def calibrate(self, batch: PackedBatch) -> None:
        """Measure the size of the stream in front of each gated block, and scale the block by it.

        The size is the median over tokens of the root mean square. Without effect where the config
        has `residual_scale` off. Call it once, before training; the result is saved with the model.
        """
        if not self.config.residual_scale:
            return
        hidden_BLD = self.language.embed(batch.input_ids_BL, batch.position_ids_BL)
        mask_B1LL = block_causal_mask(
            batch.document_BL, batch.document_BL.shape[1], hidden_BLD.dtype
        )
        step = self.language.step(hidden_BLD, mask_B1LL, batch.position_ids_BL)
        blocks = dict(self._blocks())
        for number in self.language.numbers:
            if (name := str(number)) in blocks:
                rms_BL = hidden_BLD.float().pow(2).mean(-1).sqrt()
                blocks[name].residual_scale.fill_(rms_BL[batch.document_BL >= 0].median())
            hidden_BLD = self.language.run([number], hidden_BLD, step)

    def trainable_parameters(self) -> dict[str, dict[str, nn.Parameter]]:
        """Return the parameters that learn, by part (`PARTS`) and by name."""
        learn = {name: p for name, p in self.named_parameters() if p.requires_grad}
        return {
            part: {name: p for name, p in learn.items() if name.startswith(prefix)}
            for part, prefix in PARTS.items()
        }

    @property
    def _tower(self) -> VisionTower:
        return cast(VisionTower, self.tower)

    def _blocks(self) -> list[tuple[str, GatedCrossAttention]]:
        return [(name, cast(GatedCrossAttention, block)) for name, block in self.blocks.items()]

    def _summary(self, media: Media) -> Tensor:
        """Return the mean summary [S, V] of a row's media (of padding too, in the reference)."""
        summary_SMV = self.encode_media(media).summary_BMV
        if self.config.faithful:
            return summary_SMV.mean(1)
        there_SM1 = media.frame_mask_BMF.any(-1)[..., None]
        total_SV = torch.where(there_SM1, summary_SMV, 0.0).sum(1)
        return total_SV / there_SM1.sum(1).clamp(min=1)

    def _text_tokens(self, batch: PairBatch) -> Tensor | None:
        """Return which tokens the text embedding reads: all that are text, or really all."""
        if self.config.faithful:
            return None
        special = self.special
        marks = [special.visual, special.end_of_chunk, special.eos]
        marks += [] if special.bos is None else [special.bos]
        is_mark_SL = torch.isin(
            batch.input_ids_SL, torch.tensor(marks, device=batch.input_ids_SL.device)
        )
        return batch.attention_SL & ~is_mark_SL
