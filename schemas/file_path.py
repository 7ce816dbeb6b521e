"""Paths of files as manifests and commits name them: under a root, and never out of it."""

import re

from .errors import EnvironmentFault

_DIVIDERS = re.compile(r"[/\\]")


def path_under(root: str, path: str) -> str:
    """Return the full path of a file under a root.

    Args:
        root: without a slash at its end.
        path: relative to it, with forward slashes; the root itself where it is empty.

    Raises:
        EnvironmentFault: it is absolute or has a part `..`; whoever wrote it may want files that
            are none of the root's.
    """
    parts = _DIVIDERS.split(path)
    if ".." in parts or (path and not parts[0]):
        raise EnvironmentFault(
            f"{path!r:.200} leads out of {root}: files are named by relative paths without '..'; "
            "do not trust what names it"
        )
    return f"{root}/{path}" if path else root
