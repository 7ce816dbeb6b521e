"""The recipe: the YAML file that a user writes. It states only what differs from the defaults."""

import difflib
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

from ..schemas.errors import UsageError
from ..schemas.ids import digest
from ..transforms.captions.caption import CaptionClips
from ..transforms.clips import ChooseClips
from ..transforms.fetch.fetch import Fetch
from ..transforms.filters import RejectByScore
from ..transforms.media.cut import CutClips
from ..transforms.media.scan import ScanVideos
from ..transforms.speech.transcribe import Transcribe
from ..transforms.text.assemble import AssembleDocuments
from .step import EngineName

Workers = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Placement(_Section):
    """Where one step runs, and how many workers it has."""

    engine: EngineName
    workers: Workers | None = None
    """Workers at once; null takes the cores of this machine."""
    cpus: Annotated[float, Field(gt=0)] = 0.5
    gpus: Annotated[float, Field(ge=0)] = 0.0


class Steps(_Section):
    """The placement of each step: Beam for network, decoding, cutting and text; Ray for models."""

    fetch: Placement = Placement(engine="beam")
    scan: Placement = Placement(engine="beam")
    transcribe: Placement = Placement(engine="ray")
    cut: Placement = Placement(engine="beam")
    caption: Placement = Placement(engine="ray")
    assemble: Placement = Placement(engine="beam")


class Beam(_Section):
    """Apache Beam."""

    options: tuple[str, ...] = ()
    """Arguments for `PipelineOptions`, untouched; `interlink run ... -- ARGS` adds to them."""


class Ray(_Section):
    """Ray."""

    address: str = "local"
    """Address of a cluster; `local` starts one on this machine."""


class Retries(_Section):
    """How transient failures are tried again."""

    attempts: Annotated[int, Field(ge=1)] = 3
    first_pause_s: Annotated[float, Field(ge=0)] = 2.0


class Recipe(_Section):
    """Everything that a run is told."""

    sources: str | tuple[str, ...]
    """An input manifest (txt, csv, jsonl, parquet), a folder, or files and URLs."""
    run: str = "runs/default"
    """Folder or URL of the run: plans, commits, working files."""
    dataset: str | None = None
    """Folder or URL of the dataset; null puts it under the run."""
    name: str | None = None
    """Name of the dataset on its card; null takes the last part of `run`."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Take only the first so many sources of the manifest."""

    fetch: Fetch = Field(default_factory=Fetch)
    scan: ScanVideos = Field(default_factory=ScanVideos)
    transcribe: Transcribe = Field(default_factory=Transcribe)
    clips: ChooseClips = Field(default_factory=ChooseClips)
    cut: CutClips = Field(default_factory=CutClips)
    filters: RejectByScore = Field(default_factory=RejectByScore)
    caption: CaptionClips = Field(default_factory=CaptionClips)
    assemble: AssembleDocuments = Field(default_factory=AssembleDocuments)

    steps: Steps = Steps()
    beam: Beam = Beam()
    ray: Ray = Ray()
    retries: Retries = Retries()
    max_failed_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """The run stops when more than this share of at least 200 records of a step has failed."""
    scratch: str | None = None
    """Local folder for unfinished files; null puts it beside a local run."""

    @property
    def dataset_url(self) -> str:
        """Where the dataset lies."""
        return self.dataset or f"{self.run.rstrip('/')}/dataset"

    def digest(self) -> str:
        """Return what tells this recipe's output apart; places and engines are not in it."""
        return digest(
            *(
                getattr(self, name).digest()
                for name in ("fetch", "scan", "transcribe", "clips", "cut", "filters", "caption")
            ),
            self.assemble.digest(),
        )

    def resolved(self) -> str:
        """Return the whole recipe, defaults included, as YAML."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def load_recipe(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe file.

    Args:
        path: a YAML file. Relative places in it are relative to the folder in which one works;
            `sources` is looked for beside the recipe first.
        settings: `key=value` pairs that overrule it; keys are dotted, values are YAML.

    Raises:
        UsageError: the file cannot be read, or says something that it may not.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"there is no recipe at {path}; `interlink init` writes one to start from"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"cannot read the recipe {path}: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"the recipe {path} must be a YAML mapping such as `sources: videos.txt`")
    sources = content.get("sources")
    if isinstance(sources, str) and (path.parent / sources).exists():
        content["sources"] = str(path.parent / sources)
    return make_recipe(content, settings, origin=str(path))


def make_recipe(
    content: dict[str, Any], settings: Sequence[str] = (), *, origin: str = "the recipe"
) -> Recipe:
    """Check the content of a recipe and fill in the defaults.

    Raises:
        UsageError: an unknown key or a value that is not allowed, with what is.
    """
    for setting in settings:
        _overrule(content, setting)
    try:
        return Recipe.model_validate(content)
    except pydantic.ValidationError as error:
        problems = [_explain(detail) for detail in error.errors()]
        raise UsageError(f"{origin}: " + "; ".join(dict.fromkeys(problems))) from error


def _overrule(content: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise UsageError(f"--set {setting!r} must be key=value, such as cut.mode=exact")
    *path, last = key.split(".")
    place = content
    for name in path:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            raise UsageError(f"--set {setting!r}: {name!r} has no keys of its own")
    try:
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"--set {setting!r}: the value is not YAML: {error}") from error


def _explain(detail: Any) -> str:  # noqa: ANN401  (pydantic's error details)
    place = ".".join(str(part) for part in detail["loc"])
    if detail["type"] not in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"{place}={detail['input']!r}: {detail['msg']}"
    *path, unknown = detail["loc"]
    allowed = _keys_at(path)
    close = difflib.get_close_matches(str(unknown), allowed, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown key {place!r}{hint} Allowed here: {', '.join(sorted(allowed))}"


def _keys_at(path: list[Any]) -> list[str]:
    """Return the keys that a section of the recipe may have."""
    here: Any = Recipe
    for name in path:
        hints = typing.get_type_hints(here) if isinstance(here, type) else {}
        # A tagged union stands in the path by its tag, which is no field: stay where we are.
        here = hints.get(str(name), here)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return [name for name in getattr(here, "__dataclass_fields__", {}) if not name.startswith("_")]
