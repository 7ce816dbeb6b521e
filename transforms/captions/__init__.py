"""Captioning: the captioner protocol and one file per backend."""
