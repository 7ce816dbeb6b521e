"""Names of files that are made of what a dataset says."""

import re

from ....schemas.errors import UsageError

_PLAIN = re.compile(r"[0-9A-Za-z_-]{1,100}")
"""As `site/src/picture.ts` shows them; ids of our own are 32 hexadecimal digits."""


def file_of_clip(folder: str, clip_id: str, suffix: str) -> str:
    """Return `<folder>/<clip_id><suffix>`.

    Raises:
        UsageError: the id could lead out of the folder, so that the dataset is not to be trusted.
    """
    if not _PLAIN.fullmatch(clip_id):
        raise UsageError(
            f"clip_id={clip_id[:100]!r} cannot name a file: it must be 1 to 100 letters, digits, _ "
            "or -; this dataset was not made by interlink, or was tampered with"
        )
    return f"{folder}/{clip_id}{suffix}"
