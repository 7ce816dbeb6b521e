"""Toy runs of several steps, as a recipe's run lies on a disk: plans, digests, commits."""

import dataclasses
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from interlink_toy_runs import QUICK
from interlink_toys import Item, LibraryError, Multiply

from interlink.pipeline.curate import step_keys
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.jobs.observer import Observer
from interlink.pipeline.parts.part import PartRunner, step_folder
from interlink.pipeline.parts.plan import note_retry, plan_numbers, plan_parts, write_plan
from interlink.pipeline.step import Stage, Step
from interlink.pipeline.step_run import StepReport, run_step
from interlink.pipeline.storage.store import Store
from interlink.schemas.outcome import ErrorCode
from interlink.schemas.source import Source
from interlink.transforms.base import Failed, Kept, Map, parameter

_CODES = {
    "fail": ErrorCode.NOT_MEDIA,
    "defer": ErrorCode.LIVE,
    "unreachable": ErrorCode.DNS,
    "busy": ErrorCode.HTTP_429,
}
FATES = (*_CODES, "raise", "die")
"""What a source may meet at the first step."""


@dataclasses.dataclass(kw_only=True)
class Take(Map[Source, Item]):
    """Does what each source's `fate` says, while it stands in `fates`; keeps all others."""

    fates: tuple[str, ...] = parameter(FATES, in_digest=False)

    def process_batch(self, records: Sequence[Source]) -> Sequence[Kept[Item] | Failed]:
        return [self._take(record) for record in records]

    def _take(self, record: Source) -> Kept[Item] | Failed:
        name, fate = record.source_id, record.metadata["fate"]
        if fate in self.fates and fate in _CODES:
            return Failed(input_id=name, code=_CODES[fate], message=f"of {record.uri}?key=secret")
        if fate in self.fates and fate == "raise":
            raise LibraryError("went wrong")
        if fate in self.fates and fate == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return Kept(input_id=name, record=Item(item_id=f"item-{name}", source=record))


@dataclasses.dataclass(kw_only=True)
class Say(Map[Item, Item]):
    """Writes a text on each item; the first of a source with `say=nothing` fails."""

    prompt: str = "say"
    model: str = "toy@1"

    def models(self) -> tuple[str, ...]:
        return (self.model,)

    def process_batch(self, records: Sequence[Item]) -> Sequence[Kept[Item] | Failed]:
        return [self._say(record) for record in records]

    def _say(self, record: Item) -> Kept[Item] | Failed:
        is_mute = record.source.metadata.get("say") == "nothing"
        if is_mute and record.item_id.endswith("-0"):
            return Failed(
                input_id=record.item_id, code=ErrorCode.MODEL_ERROR, message="has no words"
            )
        said = dataclasses.replace(record, text=f"{self.prompt} {record.item_id}")
        return Kept(input_id=record.item_id, record=said)


def chain(
    *, prompt: str = "say", model: str = "toy@1", fates: tuple[str, ...] = FATES
) -> list[Step]:
    """Return three steps: sources to items, items to more items, and a text on each.

    Args:
        prompt: what the last step writes.
        model: what writes it.
        fates: fates that sources have; those with another are kept.
    """
    take, say = Take(fates=fates), Say(prompt=prompt, model=model)
    return [
        Step(name="fetch", stages=[Stage(name="take", transform=take, batch_size=4)]),
        Step(name="cut", stages=[Stage(name="times", transform=Multiply())]),
        Step(name="caption", stages=[Stage(name="say", transform=say, batch_size=2)]),
    ]


class ToyChain:
    """A run of several steps in a folder.

    Args:
        root: the run's folder, or its URL.
        sources: what plan 1 holds.
    """

    def __init__(self, root: Path | str, sources: Sequence[Source]) -> None:
        self.store = Store(str(root))
        write_plan(self.store, 1, sources)

    def go(
        self,
        steps: Sequence[Step] | None = None,
        *,
        plan: int | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[StepReport]:
        """Take one plan, or all of them, through the steps."""
        steps = chain() if steps is None else steps
        self._write_digests(steps)
        plans = plan_numbers(self.store) if plan is None else [plan]
        return [r for number in plans for r in self._go(steps, number, observers)]

    def retry(self, number: int, sources: Sequence[Source]) -> None:
        """Write a plan that takes sources over from earlier plans."""
        note_retry(self.store, number, b"{}")
        write_plan(self.store, number, sources)

    def _go(
        self, steps: Sequence[Step], plan: int, observers: Sequence[Observer]
    ) -> list[StepReport]:
        reports: list[StepReport] = []
        for step, key in zip(steps, step_keys(steps), strict=True):
            runner = PartRunner(
                store_url=self.store.url,
                step=step,
                key=key,
                previous_folder=reports[-1].folder if reports else None,
                retry=QUICK,
            )
            report = run_step(
                LocalEngine(),
                runner,
                plan=plan,
                parts=plan_parts(self.store, plan),
                max_failed_share=1.0,
                observers=observers,
            )
            reports.append(report)
        return reports

    def _write_digests(self, steps: Sequence[Step]) -> None:
        rows = [
            {"step": step.name, "engine": step.engine, "folder": step_folder(step, key)}
            for step, key in zip(steps, step_keys(steps), strict=True)
        ]
        content = {"dataset": f"{self.store.url}/dataset", "steps": rows}
        self.store.put("digests.json", json.dumps(content).encode())
