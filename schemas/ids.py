"""Ids, made from content: never from position, clock or chance."""

import hashlib
import json

ID_LENGTH = 32
"""Hexadecimal digits of an id: 128 bits, so that chance collisions do not happen."""


def digest(*parts: object) -> str:
    """Return 32 hexadecimal digits of the sha256 of the canonical JSON of `parts`.

    Args:
        parts: anything that JSON can hold; dictionaries are sorted by key.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


def source_id(uri: str) -> str:
    """Id of a source whose manifest line gives none: a digest of its URI, as written."""
    return digest("source", uri)


def video_id(file_sha256: str) -> str:
    """Id of a video: the first 32 hexadecimal digits of the sha256 of its file's bytes."""
    return file_sha256[:ID_LENGTH]


def clip_id(video: str, start_us: int, end_us: int) -> str:
    """Id of the clip `[start_us, end_us)` of a video."""
    return digest("clip", video, start_us, end_us)


def document_id(video: str, start_us: int, end_us: int, window_policy: str) -> str:
    """Id of the document that covers `[start_us, end_us)` of a video under a window policy."""
    return digest("document", video, start_us, end_us, window_policy)


def group_key(group: str) -> str:
    """Name of a group where the group itself must not be told: a digest."""
    return digest("group", group)


def order_key(source: str) -> str:
    """Place of a source in the plan's order: a digest, so that channels do not lie together."""
    return digest("order", source)
