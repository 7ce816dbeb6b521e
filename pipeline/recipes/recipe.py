"""The recipe: the YAML file that a user writes. It states only what differs from the defaults."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ...schemas.errors import UsageError
from ...schemas.ids import digest
from ...transforms.captions.caption import CaptionClips
from ...transforms.clips import ChooseClips
from ...transforms.fetch.fetch import Fetch
from ...transforms.filters import RejectByScore
from ...transforms.media.cut import CutClips
from ...transforms.media.scan import ScanVideos
from ...transforms.speech.transcribe import Transcribe
from ...transforms.text.assemble import AssembleDocuments
from ..step import EngineName
from ..storage.disk_guard import DiskPolicy
from ..storage.scratch import DEFAULT_COPIES_BYTES
from .errors import explain
from .secrets import refuse_plain_secrets
from .yaml_text import overrule, read_mapping

Retain = Literal["none", "frames", "all"]
PLAN_SIZE = 30_000
"""Sources of one plan, unless a recipe says otherwise."""
Workers = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, frozen=True, allow_inf_nan=False
    )


class Placement(_Section):
    """Where one step runs, and how many workers it has."""

    engine: EngineName
    workers: Workers | None = None
    """Workers at once; null takes the cores of this machine."""
    cpus: Annotated[float, Field(gt=0)] = 0.5
    """CPUs that one worker reserves on Ray; GPUs likewise."""
    gpus: Annotated[float, Field(ge=0)] = 0.0
    memory_gib: Annotated[float, Field(ge=0)] = 0.0
    """Memory that one worker reserves on Ray; 0 reserves none."""
    resources: dict[str, Annotated[float, Field(gt=0)]] = {}
    """Further resources of Ray that one worker reserves, such as `accelerator_type:H100: 0.001`."""


class Steps(_Section):
    """The placement of each step: Beam for network, decoding, cutting and text; Ray for models."""

    fetch: Placement = Placement(engine="beam")
    scan: Placement = Placement(engine="beam")
    transcribe: Placement = Placement(engine="ray")
    cut: Placement = Placement(engine="beam")
    caption: Placement = Placement(engine="ray")
    assemble: Placement = Placement(engine="beam")

    @model_validator(mode="before")
    @classmethod
    def _keep_engines(cls, content: object) -> object:
        """Let a step keep its engine where the recipe states something else about it."""
        if not isinstance(content, dict):
            return content
        placed = dict(content)
        for name, field in cls.model_fields.items():
            if isinstance(placed.get(name), dict):
                placed[name] = {"engine": field.default.engine} | placed[name]
        return placed


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


class Disk(_Section):
    """How full the disks may get that workers write to, and how long they wait for space."""

    min_free_bytes: Annotated[int, Field(ge=0)] = DiskPolicy.min_free_bytes
    wait_s: Annotated[float, Field(ge=0)] = DiskPolicy.wait_s

    def policy(self) -> DiskPolicy:
        """Return it as workers take it."""
        return DiskPolicy(min_free_bytes=self.min_free_bytes, wait_s=self.wait_s)


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
    disk: Disk = Disk()
    max_failed_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """The run stops when more than this share of at least 200 records of a step has failed."""
    restarts: Annotated[int, Field(ge=0)] = 10
    """Times in a row, without a new commit, that `interlink run` starts a job again that died; 0
    works in one process. A record that kills its worker costs three; ten, with their pauses of up
    to a minute, outlast a lost node or a store that is away for five minutes."""
    time_budget_s: Annotated[float, Field(gt=0)] | None = None
    """The run ends between two parts when so many seconds are over, resumable: for batch systems
    that kill what outstays its time. Leave a part's time, and 25 s, between the two."""
    plan_size: Annotated[int, Field(ge=1)] = PLAN_SIZE
    """Sources of one plan. Plans are done and published one after the other: this bounds the room
    that `retain` frees, and how long a trainer waits for the first documents."""
    retain: Retain = "all"
    """Working files that stay when a plan is published: none of the media, the frame sets and sound
    of the scan, or all. What is gone cannot be done again after an edit of the recipe."""
    scratch: str | None = None
    """Local folder for unfinished files; null puts it beside a local run, else under `/tmp`."""
    scratch_bytes: Annotated[int, Field(ge=1)] = DEFAULT_COPIES_BYTES
    """Room that a worker takes in `scratch` for copies of sources and media of a remote run."""
    single_writer: bool = False
    """Takes a store that does not keep put-if-absent; this run must then never run twice at once.
    """

    @field_validator("sources", mode="before")
    @classmethod
    def _check_sources(cls, sources: object) -> object:
        places = sources if isinstance(sources, list | tuple) else [sources]
        if not places or not all(isinstance(place, str) and place.strip() for place in places):
            raise ValueError("must be a path or a URL, or a list of them")
        return sources

    @field_validator("assemble")
    @classmethod
    def _check_assemble(cls, assemble: AssembleDocuments) -> AssembleDocuments:
        if assemble.lineage:
            raise ValueError("lineage is written by the run; leave it out")
        return assemble

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
        content = self.model_dump(mode="json", exclude={"assemble": {"lineage"}})
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def load_recipe(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe file.

    Args:
        path: a YAML file. Relative places in it are relative to the folder in which one works;
            `sources` is looked for beside the recipe first.
        settings: `key=value` pairs that overrule it; keys are dotted, values are YAML.

    Raises:
        UsageError: the file cannot be read, or says something that it may not.
    """
    content = read_mapping(path, "sources: videos.txt")
    sources = content.get("sources")
    if isinstance(sources, str):
        content["sources"] = _beside(path, sources)
    elif isinstance(sources, list):
        content["sources"] = [_beside(path, s) if isinstance(s, str) else s for s in sources]
    return make_recipe(content, settings, origin=f"the recipe {path}")


def make_recipe(
    content: dict[str, Any], settings: Sequence[str] = (), *, origin: str = "the recipe"
) -> Recipe:
    """Check the content of a recipe and fill in the defaults.

    Args:
        content: what the YAML says; a section without a value counts as left out.
        settings: `key=value` pairs that overrule it; keys are dotted, values are YAML.
        origin: what to call it in an error.

    Raises:
        UsageError: an unknown key or a value that is not allowed, with what is.
    """
    stated = {key: value for key, value in content.items() if value is not None}
    for setting in settings:
        stated = overrule(stated, setting)
    refuse_plain_secrets(stated, origin)
    try:
        return Recipe.model_validate(stated)
    except pydantic.ValidationError as error:
        problems = [explain(detail, Recipe) for detail in error.errors()]
        raise UsageError(f"{origin}: " + "; ".join(dict.fromkeys(problems))) from error


def _beside(recipe: Path, source: str) -> str:
    """Return where a source lies: beside the recipe if there is such a file, else as written."""
    beside = recipe.parent / source
    return str(beside) if source and beside.exists() else source
