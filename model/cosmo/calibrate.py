"""Measures how large the language model's stream is, so that gated blocks speak as loud.

Shapes: B sequences, L tokens, D width.
"""

import torch

from .batch import PADDING, PackedBatch
from .model import Cosmo


@torch.no_grad()
def calibrate(model: Cosmo, batch: PackedBatch) -> None:
    """Set each gated block's `residual_scale` to the size of the stream in front of it.

    The size is the median over tokens of the root mean square; a block's output has one of about
    0.3, the stream of a trained language model 5 to 15. Call it once, before training, with any
    batch; the result is saved with the model. It does nothing where `config.residual_scale` is off.
    """
    if not model.config.residual_scale:
        return
    language, blocks = model.language, dict(model.gated_blocks())
    hidden_BLD, step = language.begin(batch.input_ids_BL, batch.position_ids_BL, batch.document_BL)
    for number in language.numbers:
        if (block := blocks.get(str(number))) is not None:
            rms_BL = hidden_BLD.float().pow(2).mean(-1).sqrt()
            block.residual_scale.fill_(rms_BL[batch.document_BL != PADDING].median())
        hidden_BLD = language.run([number], hidden_BLD, step)
