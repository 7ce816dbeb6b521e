"""Clips and contact sheets of a review site in an export's own folder."""

import os
import shutil
from pathlib import Path


def place_file(source: Path, target: Path) -> None:
    """Put a file at `target`, without a second copy of its bytes where the disk allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return  # another item of the same clip
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
