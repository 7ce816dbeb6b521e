"""What a document says, as one digest that does not depend on how its file was written."""

import dataclasses
import enum
import hashlib
import json
import struct

from .document import Document, Image

_LEFT_OUT = ("content_sha256", "lineage")


def content_sha256(document: Document) -> str:
    """Return the digest of a document's canonical JSON, 64 hexadecimal digits.

    `content_sha256` and `lineage` are left out, pictures stand as the digests of their bytes, and
    numbers with a fraction are rounded to 32 bits as in the file, so that a document has the same
    digest before it is written and after it is read.

    Raises:
        ValueError: a number is infinite or not a number.
    """
    plain = {
        field.name: _canonical(getattr(document, field.name))
        for field in dataclasses.fields(document)
        if field.name not in _LEFT_OUT
    }
    text = json.dumps(
        plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, Image):
        return hashlib.sha256(value.bytes).hexdigest()
    if dataclasses.is_dataclass(value):
        return {f.name: _canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, enum.StrEnum):
        return value.value
    if isinstance(value, float):
        return struct.unpack("<f", struct.pack("<f", value))[0]
    return value
