"""What the input manifest asks for: one source, from one or more of its lines."""

from dataclasses import dataclass, field
from typing import Annotated

from .arrow import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSpan:
    """A span of the source that the manifest asks for, with the captions that came with it."""

    start_us: Annotated[int, Unit("us")]
    """Start on the source's presentation clock."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    captions: tuple[str, ...] = ()
    """Texts that already exist for this span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing to fetch. Manifest lines with the same URI are one source."""

    source_id: str
    """Given by the manifest, else a digest of `uri`."""
    uri: str
    """Path, HTTP(S) or fsspec URL, or the URL of a video site's page, as written."""
    sha256: str | None = None
    """Expected digest of the file, hexadecimal; checked when given."""
    spans: tuple[GivenSpan, ...] = ()
    """Clips to use instead of those that the clip policy would choose, in time order."""
    captions: tuple[str, ...] = ()
    """Texts that already exist for the whole source."""
    group: str | None = None
    """Channel, uploader or folder: what must not be split between train and eval."""
    title: str | None = None
    """Title as given."""
    license: str | None = None
    """License as given."""
    language: str | None = None
    """Spoken language as given, a BCP 47 tag such as `en`."""
    split: str | None = None
    """`train` or `eval`, to overrule the split by group."""
    duration_us: Annotated[int | None, Unit("us")] = None
    """Duration as given: used to plan parts of equal work, never believed."""
    num_bytes: Annotated[int | None, Unit("bytes")] = None
    """Size as given: used to plan parts of equal work, never believed."""
    metadata: dict[str, str] = field(default_factory=dict)
    """The manifest's other columns, as text."""
