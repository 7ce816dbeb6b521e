"""COSMO: a frozen tower and a frozen, split language model, joined by few trained parts.

    pictures -> tower* -> resampler -+-> summary ------------> image embedding
                                     +-> visual tokens --+
    text -> layers* 0..U-1 -+-> text fusion -------------|---> text embedding
                            +-> layers* U.. <- gated cross attention -> logits      (* frozen)

Shapes: B sequences, L tokens, M media, F frames, C channels, H W pixels, P patches, V vision width,
N latents, D language width, Y vocabulary, S pairs.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ...schemas.errors import UsageError
from . import pretrained
from .bases import language_model_folder, load_language_model, vision_tower_folder
from .batch import PADDING, Media, PackedBatch, PairBatch
from .config import CosmoConfig
from .families import Step
from .heads import ContrastiveHeads, Embeddings
from .language import SplitLanguageModel, TokenRows
from .masks import check_media
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
        self.bases: pretrained.BaseFolders | None = None
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
        bases = _find_bases(config)
        # Modules draw weights before those of the files replace them.
        with torch.random.fork_rng(devices=[]):
            tower = load_vision_tower(bases.vision_tower, final_norm=config.tower_final_norm)
            language_model = load_language_model(bases.language_model, dtype=frozen_dtype)
            processor = CosmoProcessor.build(
                bases.language_model, cast(VisionTower, tower), faithful=config.faithful
            )
            # Not `torch.manual_seed`, which seeds all devices, and they are not put back here.
            torch.default_generator.manual_seed(seed)
            model = cls(config, language_model, tower.to(frozen_dtype), processor.special)
        model.processor, model.bases = processor, bases
        return model.to(device)

    @classmethod
    def from_pretrained(
        cls,
        folder: Path | str,
        *,
        language_model: str | None = None,
        vision_tower: str | None = None,
        device: torch.device | str = "cpu",
        frozen_dtype: torch.dtype = torch.float32,
    ) -> Self:
        """Read what `save_pretrained` wrote, and the bases that it names.

        Args:
            folder: of the trained model.
            language_model: where the frozen language model is now, if it has moved.
            vision_tower: where the frozen tower is now, if it has moved.
            device: where the model shall be.
            frozen_dtype: of the bases.

        Raises:
            UsageError: the folder is no model of COSMO, or a base is not the one it was trained on.
        """
        folder = Path(folder)
        tensors = pretrained.read_tensors(folder)
        config = pretrained.read_config(folder)
        config = replace(
            config,
            language_model=language_model or config.language_model,
            vision_tower=vision_tower or config.vision_tower,
        )
        pretrained.check_bases(folder, _find_bases(config))
        model = cls.build(config, frozen_dtype=frozen_dtype)
        model.processor = CosmoProcessor.from_pretrained(folder / pretrained.PROCESSOR)
        model.load_trained_state(tensors)
        return model.to(device).eval()

    def save_pretrained(self, folder: Path | str) -> None:
        """Write what was trained, the config and the processor; see `pretrained.py`.

        Raises:
            UsageError: the model was not built from folders.
        """
        if self.processor is None or self.bases is None:
            raise UsageError("a model that was not built from folders cannot be saved")
        folder = Path(folder)
        pretrained.write(folder, self.config, self.bases, self.trained_state())
        self.processor.save_pretrained(folder / pretrained.PROCESSOR)

    def trained_state(self) -> dict[str, Tensor]:
        """Return all tensors but those of the frozen bases, by name; not copied."""
        return {n: t for n, t in self.state_dict().items() if not n.startswith(FROZEN)}

    def load_trained_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `trained_state` returned.

        Raises:
            UsageError: a name or shape differs from this model's.
        """
        own = self.trained_state()
        pretrained.require_same_shapes(own, tensors)
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(tensors[name])

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
        hidden_BLD, step = self.language.begin(
            batch.input_ids_BL, batch.position_ids_BL, batch.document_BL
        )
        hidden_BLD = self.language.run(self.lower, hidden_BLD, step)
        view = self.view(batch.media_index_BL, media)
        hidden_BLD = self.upper(hidden_BLD, step, self.media_keys(media), view)
        return self.language.logits(hidden_BLD)

    def encode_pairs(self, batch: PairBatch) -> Embeddings:
        """Return both sides of pairs; only the lower half of the language model runs."""
        position_ids_SL = (batch.attention_SL.cumsum(1) - 1).clamp(min=0)
        document_SL = batch.attention_SL.int() + PADDING
        hidden_SLD, step = self.language.begin(batch.input_ids_SL, position_ids_SL, document_SL)
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
        return {name: block.media_keys(media.tokens_BMNV) for name, block in self.gated_blocks()}

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
        blocks = dict(self.gated_blocks())
        for number in self.language.numbers[self.config.unimodal_depth :]:
            if (name := str(number)) in blocks:
                hidden_BLD = blocks[name](hidden_BLD, keys[name], view)
            hidden_BLD = self.language.run([number], hidden_BLD, step)
        return hidden_BLD

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

    def gated_blocks(self) -> list[tuple[str, GatedCrossAttention]]:
        """Return each gated block after the number of the layer that it precedes."""
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


def _find_bases(config: CosmoConfig) -> pretrained.BaseFolders:
    return pretrained.BaseFolders(
        language_model=language_model_folder(config.language_model),
        vision_tower=vision_tower_folder(config.vision_tower),
    )
