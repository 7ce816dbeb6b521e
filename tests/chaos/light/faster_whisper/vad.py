"""Hears speech wherever there is sound."""

from dataclasses import dataclass


@dataclass
class VadOptions:
    threshold: float = 0.5


def get_speech_timestamps(audio, options):
    return [{"start": 0, "end": len(audio)}] if len(audio) and abs(audio).max() > 0 else []
