"""The model: a frozen vision tower, a resampler, a split language model, two losses."""
