"""Progress of a training: a bar of tokens for people, JSON lines for machines."""

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import TaskID, TextColumn

from .progress import Lines, Live
from .train_tables import gain_text

if TYPE_CHECKING:
    from ...model.evaluate import Evaluation
    from ...model.metrics import Speed, StepMetrics

_BESIDE_BAR = 66
"""Columns of the terminal that everything but the bar takes."""
_LINES_EVERY_S = 2.0
"""Steps between two JSON lines are left out: `metrics.jsonl` has them all."""


class TrainBar(Live):
    """One bar, filled token by token, with loss, retrieval and speed beside it."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            label_columns=11,
            beside_bar=_BESIDE_BAR,
            beside=(
                TextColumn("{task.percentage:>3.0f}%"),
                TextColumn("{task.fields[shown]}"),
            ),
        )
        self._task: TaskID = self._progress.add_task("preparing", total=None, shown="")

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


class TrainLines(Lines):
    """The same as JSON lines."""

    def __init__(self) -> None:
        self._last_s = -math.inf

    def on_start(self, *, tokens_done: int, tokens_total: int) -> None:
        """Say that training begins."""
        self.say("training_started", tokens_done=tokens_done, tokens_total=tokens_total)

    def on_step(self, metrics: "StepMetrics", speed: "Speed") -> None:
        """Say how it goes, every few seconds."""
        now_s = time.monotonic()
        if now_s - self._last_s < _LINES_EVERY_S:
            return
        self._last_s = now_s
        self.say(
            "step",
            step=metrics.step,
            tokens=metrics.tokens,
            loss=metrics.loss,
            retrieval_top1=metrics.retrieval_top1,
            tokens_per_s=round(speed.tokens_per_s, 1),
        )

    def on_evaluation(self, step: int, evaluation: "Evaluation") -> None:
        """Say what was measured."""
        self.say("evaluation", step=step, **evaluation.to_plain())

    def on_checkpoint(self, path: Path) -> None:
        """Say where it is."""
        self.say("checkpoint", path=str(path))

    def on_message(self, text: str) -> None:
        """Hand it on."""
        self.say("message", text=text)


def train_progress_for(console: Console) -> TrainBar | TrainLines:
    """Return a bar on a terminal, JSON lines elsewhere."""
    return TrainBar(console) if console.is_terminal else TrainLines()
