"""`interlink retry`: plans sources again that failed or were deferred."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ...schemas.errors import UsageError
from ...schemas.outcome import Disposition
from ..plans.run_files import open_run
from ..recipes.recipe import Recipe, load_recipe
from ..watching.losses import LOST
from ..watching.retry import Retry, RetryRule, plan_retry
from .console import make_console, plural, when
from .options import RunPlace, run_at

_PLAN_SIZE = Recipe.model_fields["plan_size"].default


def retry(
    run: RunPlace,
    codes: Annotated[
        str | None,
        typer.Option(metavar="CODE,...", help="Take records with these codes, whatever they are."),
    ] = None,
    disposition: Annotated[
        str | None,
        typer.Option(metavar="|".join(LOST), help="Take records with this fate, or several."),
    ] = None,
    clips: Annotated[
        bool,
        typer.Option("--clips", help="Take sources again, whole, of which clips alone were lost."),
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Take deferred records before their time.")
    ] = False,
) -> None:
    """Make the next plan of sources that failed or were deferred; the next run carries it out.

    Without --codes these are the ones of which trying again may help: what was deferred, from its
    time on, and what failed as a server, a network or a child did, but not what is broken or gone.
    What comes of a source in its newest plan counts; its documents of earlier plans stay until the
    new ones are there. Asked again before that plan has run, it plans nothing twice.
    """
    place = run_at(run)
    done = plan_retry(
        open_run(place),
        RetryRule(
            codes=frozenset(codes.split(",")) if codes else None,
            fates=_fates(disposition, has_codes=codes is not None),
            with_clips=clips,
            is_early=now,
        ),
        plan_size=_plan_size(run) if run != place else _PLAN_SIZE,
    )
    console = make_console()
    for number, count in done.plans.items():
        console.print(f"plan {number:03d}: {plural(count, 'source')} again")
    if done.plans:
        console.print(f"lost before with {_counts(done.codes)}", soft_wrap=True)
    else:
        console.print(f"nothing to try again in {place}", soft_wrap=True)
    for line in _left_out(done, is_named=codes is not None):
        console.print(f"left out: {line}", soft_wrap=True)
    if done.plans:
        recipe = run if run != place else "RECIPE"
        console.print(f"next: interlink run {recipe}", soft_wrap=True)


def _plan_size(recipe: str) -> int:
    return load_recipe(Path(recipe)).plan_size


def _fates(names: str | None, *, has_codes: bool) -> tuple[Disposition, ...]:
    if names is None:
        return LOST if has_codes else (Disposition.FAILED, Disposition.DEFERRED)
    wanted = names.split(",")
    for name in wanted:
        if name not in set(LOST):
            raise UsageError(f"--disposition {name} must be one of {', '.join(LOST)}")
    return tuple(Disposition(name) for name in wanted)


def _left_out(done: Retry, *, is_named: bool) -> list[str]:
    lines = []
    if done.hopeless and not is_named:
        total = plural(sum(done.hopeless.values()), "record")
        lines.append(f"{total} with {_counts(done.hopeless)}; --codes takes what it names")
    if done.clips:
        total = plural(sum(done.clips.values()), "clip")
        lines.append(f"{total} with {_counts(done.clips)}; --clips takes their sources, whole")
    if done.next_try:
        total = plural(done.early, "record")
        lines.append(f"{total} not to be tried before {when(done.next_try)}; --now takes them")
    return lines


def _counts(codes: Mapping[str, int]) -> str:
    ordered = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{code} {count}" for code, count in ordered)
