"""A COSMO without weights, on the meta device: for counting, without network or memory.

The shapes of the bases that our presets name stand here, taken from the `config.json` of each on
the Hugging Face hub; others are read from their folder.
"""

from typing import cast

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    CLIPVisionConfig,
    CLIPVisionModel,
    OPTConfig,
    PreTrainedConfig,
)

from .bases import language_model_folder, vision_tower_folder
from .config import CosmoConfig
from .model import Cosmo
from .processor import FAITHFUL_TOKENS, OUR_TOKENS, SpecialTokens
from .vision import ClipTower, load_vision_tower

OPT_1B = "facebook/opt-iml-max-1.3b"
CLIP_L = "openai/clip-vit-large-patch14"


def build_on_meta(config: CosmoConfig) -> Cosmo:
    """Return a model that has shapes and no weights.

    Raises:
        UsageError: a base's folder is no model, or of an unknown kind.
        EnvironmentFault: a base is neither known, nor here, nor can be fetched.
    """
    return join_on_meta(config, _language_shape(config.language_model), _tower(config))


def join_on_meta(config: CosmoConfig, language: PreTrainedConfig, tower: nn.Module) -> Cosmo:
    """Return a model without weights on a language model of the given shape."""
    added = len(FAITHFUL_TOKENS if config.faithful else OUR_TOKENS)
    base = language.vocab_size
    special = SpecialTokens(
        base_vocabulary=base,
        added=added,
        visual=base,
        end_of_chunk=base + 1,
        bos=None,
        eos=0,
        pad=0,
    )
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
            language, attn_implementation="sdpa"
        )
        return Cosmo(config, model, tower.to("meta"), special).eval()


def _language_shape(name: str) -> PreTrainedConfig:
    if name == OPT_1B:
        return OPTConfig(
            vocab_size=50272,
            hidden_size=2048,
            num_hidden_layers=24,
            num_attention_heads=32,
            ffn_dim=8192,
            max_position_embeddings=2048,
            word_embed_proj_dim=2048,
        )
    shape = AutoConfig.from_pretrained(
        language_model_folder(name, shape_only=True), local_files_only=True
    )
    return cast(PreTrainedConfig, shape)


def _tower(config: CosmoConfig) -> nn.Module:
    if config.vision_tower != CLIP_L:
        return load_vision_tower(vision_tower_folder(config.vision_tower))
    return clip_on_meta()


def clip_on_meta() -> ClipTower:
    """Return the vision half of CLIP ViT-L/14 without weights."""
    shape = CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        image_size=224,
        patch_size=14,
        projection_dim=768,
    )
    with torch.device("meta"):
        return ClipTower(CLIPVisionModel(shape))
