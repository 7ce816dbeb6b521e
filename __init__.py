"""Interlink turns raw video into interleaved video-text pretraining shards, and trains on them."""

__version__ = "0.1.0"
