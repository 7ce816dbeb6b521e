"""`interlink replay`: one record through one step again, here, with all that there is to see."""

import logging
import shlex
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...schemas.errors import IncompleteError, UsageError
from ...schemas.outcome import Disposition, Outcome
from ..curate import curate
from ..dataset.denied import read_denied
from ..machine.threads import use_one_thread
from ..plans.run_files import RECIPE_NAME, last_recipe, open_run
from ..recipes.recipe import Recipe, load_recipe, make_recipe
from ..storage.store import Store
from ..watching.find_record import FoundRecord, find_record
from ..watching.replay import OUTPUTS, StageReplay
from ..watching.replay import replay as replay_record
from .console import make_console, plain_text, plural, size, span
from .options import RunPlace, Settings, run_at

_SHOWN = 20
"""Outcomes of a stage that are listed."""


def replay(
    run: RunPlace,
    record: Annotated[
        str,
        typer.Argument(
            metavar="RECORD",
            help="Id of a source, a video or a clip, or its first characters.",
        ),
    ],
    step: Annotated[str, typer.Option(metavar="STEP", help="The step that takes the record.")],
    settings: Settings = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where what comes out goes; else a temporary folder."),
    ] = None,
    here: Annotated[
        bool,
        typer.Option("--here", help="Run it in this very process, such as under a debugger."),
    ] = False,
) -> None:
    """Run one record through one step again, with the inputs that it had, and show what happens.

    The run is only read. A source or a video of which a step takes several clips is replayed with
    all of them. The step runs in a process of its own, so that a record that kills its worker shows
    how: the signal, the stage, and where Python was. `--here` runs it without one.
    """
    folder = _make_output(output, record, step)
    if here:
        _replay(run, record, step, settings or [], folder)
    else:
        _watch_over(run, record, step, settings or [], folder)


def _make_output(output: Path | None, record: str, step: str) -> Path:
    if output is None:
        return Path(tempfile.mkdtemp(prefix=f"interlink-replay-{step}-{record[:8]}-"))
    if output.exists() and any(output.iterdir()):
        raise UsageError(f"--output {output} must be a new or an empty folder")
    output.mkdir(parents=True, exist_ok=True)
    return output


def _watch_over(run: str, record: str, step: str, settings: Sequence[str], output: Path) -> None:
    """Replay in a process of its own, and say how it ended if it could not."""
    # Python's fault handler prints where each thread was when a signal kills the process.
    command = [sys.executable, "-P", "-X", "faulthandler", "-m", "interlink", "replay", run, record]
    command += [f"--step={step}", f"--output={output}", "--here"]
    command += [f"--set={setting}" for setting in settings]
    code = subprocess.run(command, check=False).returncode
    if not any(output.iterdir()):
        output.rmdir()
    if code >= 0:
        raise typer.Exit(code)
    name = signal.Signals(-code).name
    hint = "; the kernel does so when memory runs out" if name == "SIGKILL" else ""
    raise IncompleteError(
        f"the process was killed by {name} in the stage that was last to begin{hint}. To debug it: "
        f"gdb --args {shlex.join(command)}"
    )


def _replay(run: str, record: str, step: str, settings: Sequence[str], output: Path) -> None:
    use_one_thread()
    logging.getLogger("interlink.transforms").setLevel(logging.DEBUG)
    console = make_console()
    place = run_at(run)
    files = open_run(place)
    recipe = _recipe(files.store, run if run != place else None, settings)
    found = find_record(files.store, curate(recipe), step, record)
    _print_found(console, found)
    denied = read_denied(Store(recipe.dataset_url))
    replay_record(files.store, found, output, _Teller(console), denied=denied)
    console.print(f"outputs  {output}/{OUTPUTS}: kept.parquet, outcomes.parquet", soft_wrap=True)


def _recipe(run: Store, path: str | None, settings: Sequence[str]) -> Recipe:
    """Return the recipe that was named, or else the one that the run was last run with."""
    if path is not None:
        return load_recipe(Path(path), settings)
    content = last_recipe(run)
    if content is None:
        raise UsageError(
            f"{run.display()} has no {RECIPE_NAME}, as it has not begun; name its recipe"
        )
    return make_recipe(content, settings, origin=f"the recipe {run.display(RECIPE_NAME)}")


def _print_found(console: Console, found: FoundRecord) -> None:
    records = plural(len(found.inputs), "record")
    console.print(f"{records} of part {found.part} through step {found.step.name}", soft_wrap=True)
    for outcome in found.outcomes[:_SHOWN]:
        # Of a step with several stages only what ended the record says something.
        if outcome.disposition is not Disposition.KEPT:
            console.print(f"  in the run: {_fate(outcome)}", soft_wrap=True)


class _Teller:
    """Prints what happens, at once."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def loading(self, stage: str) -> None:
        """Say that a stage loads its model."""
        self._say(f"{stage}: loading")

    def begins(self, stage: str, num_records: int) -> None:
        """Say that a stage takes records in hand."""
        self._say(f"{stage}: {plural(num_records, 'record')} in hand")

    def raised(self, stage: str, error: BaseException) -> None:
        """Print a traceback, from the transform on."""
        self._say(f"{stage} raised:")
        text = "".join(traceback.format_exception(error))
        self._say(_plain_lines(text))

    def ended(self, replay: StageReplay) -> None:
        """Say what became of the records, and what it took."""
        lost = [o for o in replay.outcomes if o.disposition is not Disposition.KEPT]
        for outcome in lost[:_SHOWN]:
            self._say(f"  {_fate(outcome)}")
        if len(lost) > _SHOWN:
            self._say(f"  and {len(lost) - _SHOWN} more")
        children = f", {size(replay.peak_child_bytes)} a child" if replay.peak_child_bytes else ""
        self._say(
            f"{replay.stage}: {len(replay.outcomes) - len(lost)} kept, "
            f"{plural(replay.num_outputs, 'record')} out after {span(replay.wall_s)}, "
            f"{span(replay.cpu_s)} of CPU; peak memory {size(replay.peak_bytes)}{children}"
        )

    def _say(self, line: str) -> None:
        self._console.print(line, soft_wrap=True)
        sys.stdout.flush()


def _fate(outcome: Outcome) -> str:
    text = f"{outcome.input_id} {outcome.disposition} in {outcome.stage}"
    if outcome.code is not None:
        text += f": {outcome.code}"
    if outcome.value is not None:
        text += f" ({outcome.value:g})"
    if outcome.message:
        text += f", {outcome.message}"
    return plain_text(text)


def _plain_lines(text: str) -> str:
    """Return lines without what a terminal would obey."""
    return "\n".join(plain_text(line) for line in text.splitlines())
