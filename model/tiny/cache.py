"""Where tiny bases are kept: each is trained once per digest, whole or not there."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...schemas.errors import EnvironmentFault
from .build import LANGUAGE_FOLDER, REPORT_NAME, TOWER_FOLDER, build_tiny_base, file_digests
from .recipe import TinyRecipe
from .report import TinyReport, check_head_floor

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyBase:
    """Where one tiny base lies."""

    language_model: Path
    """For `AutoModelForCausalLM` and `AutoTokenizer`."""
    vision_tower: Path
    """For `model.cosmo.vision.load_vision_tower`."""
    digest: str
    """Names what it was trained with."""

    def report(self) -> TinyReport:
        """Read its figures."""
        return TinyReport.read(self.vision_tower.parent / REPORT_NAME)


def tiny_base(cache: Path | None = None, *, recipe: TinyRecipe | None = None) -> TinyBase:
    """Return the tiny base, trained now if it is not in the cache: a few CPU-minutes, offline.

    Args:
        cache: holds one folder per digest; by default `interlink/tiny-base` in the user's cache
            (XDG base directory specification).
        recipe: what to train; by default the one that `debug`, the tests and the demo share.

    Raises:
        WeakBaseError: what was trained is unfit to learn on, and was thrown away.
        EnvironmentFault: the cache cannot be written, or a file in it is damaged.
    """
    recipe = recipe or TinyRecipe()
    root = cache or _default_cache()
    folder = root / recipe.digest()
    try:
        if not folder.exists():
            root.mkdir(parents=True, exist_ok=True)
            # Of several processes one trains and the others wait: training takes all cores' time.
            with _lock(root / f".{folder.name}.lock"):
                if not folder.exists():
                    _build(folder, recipe)
    except OSError as error:
        raise EnvironmentFault(
            f"the tiny base cannot be kept in {root}: {error}; free some space there, or set "
            "XDG_CACHE_HOME to a folder that can be written"
        ) from error
    _check_files(folder)
    return TinyBase(
        language_model=folder / LANGUAGE_FOLDER,
        vision_tower=folder / TOWER_FOLDER,
        digest=folder.name,
    )


def _build(folder: Path, recipe: TinyRecipe) -> None:
    """Train beside the target, then rename: a folder of that name is whole."""
    _logger.info("training the tiny base %s, once: a few CPU-minutes", folder.name)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        temporary.chmod(0o755)
        report = build_tiny_base(temporary, recipe)
        _logger.info("%s", report.summary())
        check_head_floor(report.head_floor)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_files(folder: Path) -> None:
    path = folder / REPORT_NAME
    expected = TinyReport.read(path).files if path.exists() else {}
    if not expected or file_digests(folder) != expected:
        raise EnvironmentFault(
            f"{folder} is damaged: its files are not those of its {REPORT_NAME}; delete the folder "
            "and it is made anew"
        )


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "interlink" / "tiny-base"
