"""Progress of a training: a bar of tokens for people, JSON lines for machines."""

import json
import math
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ...model.finite import finite
from .train_tables import gain_text

if TYPE_CHECKING:
    from ...model.evaluate import Evaluation
    from ...model.metrics import Speed, StepMetrics

_BESIDE_BAR = 66
"""Columns of the terminal that everything but the bar takes."""
_LINES_EVERY_S = 2.0
"""Steps between two JSON lines are left out: `metrics.jsonl` has them all."""


class TrainBar:
    """One bar, filled token by token, with loss, retrieval and speed beside it."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<11}"),
            BarColumn(bar_width=min(max(console.width - _BESIDE_BAR, 8), 40)),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[shown]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        self._task: TaskID = self._progress.add_task("preparing", total=None, shown="")

    def __enter__(self) -> "TrainBar":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def on_start(self, *, tokens_done: int, tokens_total: int) -> None:
        """Begin the bar, or go on with it."""
        self._progress.reset(self._task, total=tokens_total, completed=tokens_done)
        self._progress.update(self._task, description="training")

    def on_step(self, metrics: "StepMetrics", speed: "Speed") -> None:
        """Fill the bar."""
        facts = [f"loss {metrics.loss:.2f}"]
        if metrics.retrieval_top1 is not None:
            facts.append(f"pairs {metrics.retrieval_top1:.0%}")
        facts.append(f"{speed.tokens_per_s:,.0f} tokens/s")
        self._progress.update(
            self._task,
            completed=metrics.tokens,
            description=f"step {metrics.step}",
            shown=" ".join(facts),
        )
        if metrics.skipped:
            self.on_message(
                f"step {metrics.step} was not taken: {', '.join(metrics.skipped[:3])} not finite"
            )

    def on_evaluation(self, step: int, evaluation: "Evaluation") -> None:
        """Print a line above the bar."""
        facts = [f"step {step}, held out: loss {evaluation.loss:.3f}"]
        facts.append(f"vision gain {gain_text(evaluation)}")
        if evaluation.retrieval_top1 is not None:
            facts.append(f"pairs {evaluation.retrieval_top1:.0%}")
        self.on_message(", ".join(facts))

    def on_checkpoint(self, path: Path) -> None:
        """Say nothing: the end says where the last one is."""

    def on_message(self, text: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(text, soft_wrap=True)


class TrainLines:
    """One JSON object a line, on the standard output."""

    def __init__(self) -> None:
        self._last_s = -math.inf

    def __enter__(self) -> "TrainLines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Every line is written already."""

    def on_start(self, *, tokens_done: int, tokens_total: int) -> None:
        """Say that training begins."""
        _say("training_started", tokens_done=tokens_done, tokens_total=tokens_total)

    def on_step(self, metrics: "StepMetrics", speed: "Speed") -> None:
        """Say how it goes, every few seconds."""
        now_s = time.monotonic()
        if now_s - self._last_s < _LINES_EVERY_S:
            return
        self._last_s = now_s
        _say(
            "step",
            step=metrics.step,
            tokens=metrics.tokens,
            loss=metrics.loss,
            retrieval_top1=metrics.retrieval_top1,
            tokens_per_s=round(speed.tokens_per_s, 1),
        )

    def on_evaluation(self, step: int, evaluation: "Evaluation") -> None:
        """Say what was measured."""
        _say("evaluation", step=step, **evaluation.to_plain())

    def on_checkpoint(self, path: Path) -> None:
        """Say where it is."""
        _say("checkpoint", path=str(path))

    def on_message(self, text: str) -> None:
        """Hand it on."""
        _say("message", text=text)


def train_progress_for(console: Console) -> TrainBar | TrainLines:
    """Return a bar on a terminal, JSON lines elsewhere."""
    return TrainBar(console) if console.is_terminal else TrainLines()


def _say(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **finite(values)}), flush=True)
