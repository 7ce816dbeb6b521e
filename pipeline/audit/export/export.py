"""Writes an audit's items in the forms that were asked for, each whole or not at all."""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ....schemas.errors import UsageError
from ...storage.store import Store
from ..plan import read_plan
from ..site.reader import open_site
from .formats import FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One export."""

    name: str
    """Its format."""
    folder: Path
    """Where it is."""
    num_files: int
    """Its files."""
    num_bytes: int
    """Their size; clips and sheets count though they may be the review site's own files."""


def export_audit(audit: Path, names: Sequence[str], output: Path) -> Iterator[Exported]:
    """Write `<output>/<format>/` for each format, one after the other.

    A folder that is there is never written over: it may hold a sheet that somebody filled in.

    Args:
        audit: folder of the audit.
        names: formats among `FORMATS`.
        output: where to; made if need be.

    Raises:
        UsageError: there is no such format, no audit or no review site, or a folder is there.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        what = f"{unknown[0]!r}" if unknown else "nothing"
        raise UsageError(f"--format {what} must be among {', '.join(FORMATS)}")
    site = open_site(audit, read_plan(Store(str(audit))))
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if (output / name).exists():
            raise UsageError(
                f"{output / name} is there already and may be filled in: remove it, or name "
                "another --output"
            )
    for name in wanted:
        unfinished = output / f".{name}-{uuid.uuid4().hex}"
        unfinished.mkdir(parents=True)
        try:
            FORMATS[name](site, unfinished)
            unfinished.rename(output / name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        files = [path for path in (output / name).rglob("*") if path.is_file()]
        yield Exported(
            name=name,
            folder=output / name,
            num_files=len(files),
            num_bytes=sum(path.stat().st_size for path in files),
        )
