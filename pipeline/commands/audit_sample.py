"""`interlink audit sample`: draw the clips that raters are to judge."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from ...schemas.audit import AuditPlan, Pool, Role
from ...schemas.errors import UsageError
from ...schemas.text import TextKind
from ..audit.plan import PLAN_NAME, SITE_FOLDER, write_plan
from ..audit.report.wording import dataset_name
from ..audit.sample.drawing import draw_sample
from ..audit.sample.settings import AUDITED_KINDS, AuditSettings
from ..audit.sample.strata import DIMENSIONS
from ..audit.site.build import build_site
from ..storage.store import Store
from .console import make_console, number_table, plain_text

_MAX_ROWS = 20
_Worst = Literal["low", "high"]


_Dataset = Annotated[str, typer.Argument(metavar="DATASET", help="Folder or URL of a dataset.")]
_NumClips = Annotated[int, typer.Option("--n", min=1, help="Clips that rates are estimated from.")]
_Seed = Annotated[int, typer.Option(help="Another seed draws other clips.")]
_Strata = Annotated[
    str, typer.Option(metavar="NAME,...", help=f"Draw by: {', '.join(DIMENSIONS)}.")
]
_Minimum = Annotated[int, typer.Option(min=1, help="Clips that every stratum gives first.")]
_NumRisk = Annotated[
    int, typer.Option("--risk", min=0, help="Clips that look bad; no rate is made of them.")
]
_Score = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A stored score, for --strata score and for --risk."),
]
_WorstOption = Annotated[str, typer.Option(metavar="low|high", help="Its bad end.")]
_ALL_KINDS = ",".join(AUDITED_KINDS)
_Kinds = Annotated[
    str, typer.Option("--kinds", metavar="KIND,...", help="Kinds of texts that are judged.")
]
_Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="NAME", help="Whose captions; given twice, the two are compared."
    ),
]
_Repeats = Annotated[
    float, typer.Option(metavar="SHARE", help="Share of clips that are shown twice, up to 0.5.")
]
_Perturbed = Annotated[
    float,
    typer.Option(
        metavar="SHARE", help="Share of clips that come again with a planted error, up to 0.5."
    ),
]
_View = Annotated[str | None, typer.Option(help="Only documents of this view.")]
_Version = Annotated[int | None, typer.Option(help="Version; left out, the newest.")]
_Output = Annotated[Path | None, typer.Option(help="Folder; left out, audit/NAME.")]


def sample(
    dataset: _Dataset,
    num_clips: _NumClips = 100,
    seed: _Seed = 0,
    strata: _Strata = "",
    min_per_stratum: _Minimum = 2,
    num_risk: _NumRisk = 0,
    score: _Score = None,
    worst: _WorstOption = "low",
    kinds: _Kinds = _ALL_KINDS,
    models: _Models = None,
    repeats: _Repeats = 0.1,
    perturbed: _Perturbed = 0.1,
    view: _View = None,
    version: _Version = None,
    output: _Output = None,
) -> None:
    """Draw a sample of a dataset's clips and make the page on which they are judged.

    The same options draw the same clips; a larger --n draws the same ones and more, so that what
    was judged already counts. Hand out the folder `site` alone: the plan knows which items are
    repeats and which carry a planted error.
    """
    settings = AuditSettings(
        num_clips=num_clips,
        num_risk=num_risk,
        seed=seed,
        view=view,
        strata=tuple(_names(strata)),
        min_per_stratum=min_per_stratum,
        score=score,
        worst=_worst(worst),
        kinds=tuple(_kind(name) for name in _names(kinds)),
        models=tuple(models or ()),
        repeat_share=repeats,
        perturbed_share=perturbed,
    )
    console, folder = make_console(), output or Path("audit") / dataset_name(dataset)
    plan = draw_sample(dataset, settings, version=version)
    write_plan(Store(str(folder)), plan)
    _print(console, plan, settings)
    site = build_site(plan, folder / SITE_FOLDER, title=dataset_name(dataset))
    size = f"{site.num_bytes / 1e6:.1f} MB, {site.num_playable} of {site.num_clips} clips play"
    console.print(f"plan     {folder / PLAN_NAME}: keep it from raters", soft_wrap=True)
    console.print(f"page     {site.index}: {size}", soft_wrap=True)
    console.print(
        f"next: open the page, judge, download the ratings, then "
        f"`interlink audit import {folder} ratings-*.jsonl`",
        soft_wrap=True,
    )


def _print(console: Console, plan: AuditPlan, settings: AuditSettings) -> None:
    drawn = [item for item in plan.items if item.role is Role.PLAIN]
    pools = Counter(item.pool for item in drawn)
    roles = Counter(item.role for item in plan.items)
    population = sum(size.population for size in plan.sizes)
    videos = len({item.video_id for item in drawn if item.pool is Pool.ESTIMATION})
    table = Table.grid(padding=(0, 2))
    table.add_row("dataset", f"{plan.dataset_url}, version {plan.dataset_version}")
    table.add_row("for the estimate", f"{pools[Pool.ESTIMATION]} of {population} clips")
    table.add_row("of videos", str(videos))
    table.add_row("shown twice", str(roles[Role.REPEAT]))
    table.add_row("with a planted error", _perturbed(roles[Role.PERTURBED], plan.num_unchanged))
    table.add_row("because they look bad", str(pools[Pool.RISK]))
    table.add_row("without a caption", f"{plan.num_without_text} clips, not drawn from")
    table.add_row("taken down", f"{plan.num_excluded} clips, not drawn from")
    console.print(table)
    if plan.strata:
        _print_strata(console, plan)
    if pools[Pool.RISK] < settings.num_risk:
        console.print(
            f"only {pools[Pool.RISK]} of {settings.num_risk} for the risk pool: the others are "
            "drawn already, or no stored --score and no second caption speaks against them"
        )


def _perturbed(num: int, num_unchanged: int) -> str:
    return f"{num}, and {num_unchanged} that could not be changed" if num_unchanged else str(num)


def _print_strata(console: Console, plan: AuditPlan) -> None:
    table = number_table("stratum", "clips", "drawn")
    for size in plan.sizes[:_MAX_ROWS]:
        table.add_row(plain_text(size.stratum), str(size.population), str(size.sampled))
    console.print(table)
    if len(plan.sizes) > _MAX_ROWS:
        console.print(f"and {len(plan.sizes) - _MAX_ROWS} more strata")


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _kind(name: str) -> TextKind:
    if name not in set(TextKind):
        raise UsageError(f"--kinds {name} must be among {', '.join(TextKind)}")
    return TextKind(name)


def _worst(name: str) -> _Worst:
    if name in get_args(_Worst):
        return cast("_Worst", name)
    raise UsageError(f"--worst {name} must be one of {', '.join(get_args(_Worst))}")
