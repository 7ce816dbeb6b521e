"""Trainings as tables: what one would be, and what one has changed."""

import math
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from ...model.dry_run import DataDescription, DryRun
    from ...model.evaluate import Evaluation
    from ...model.recipe import TrainRecipe
    from ...model.train_report import TrainReport


def print_dry_run(console: Console, recipe: "TrainRecipe", found: "DryRun") -> None:
    """Print what a training would learn, hold in memory and read."""
    console.print(_parts_table(found))
    console.print(_memory_table(found))
    console.print(_step_table(recipe, found))
    if found.data is None:
        console.print(found.why_no_data, soft_wrap=True)
        return
    table = _table("data", "", justify=("left", "left"))
    for name, value in found.data.train.rows():
        table.add_row(name, value)
    if (pairs := found.data.pairs) is not None:
        table.add_row("pairs", f"{pairs.windows:,} clips, of {pairs.documents:,} documents")
    table.add_row("held out", _held_out_text(recipe, found.data))
    console.print(table)


def _held_out_text(recipe: "TrainRecipe", data: "DataDescription") -> str:
    held_out = data.held_out
    if held_out is None:
        return data.why_none_held_out
    text = (
        f"{held_out.documents:,} documents of view {recipe.evaluation.view}: "
        f"{held_out.samples:,} samples, {held_out.clips:,} clips"
    )
    if held_out.num_overlapping:
        text += f"; {held_out.num_overlapping:,} more are left out: their videos are trained on"
    return text


def print_training(console: Console, report: "TrainReport") -> None:
    """Print what a training changed on held-out documents, and where its results lie."""
    before, after = report.before, report.after
    if before is None or after is None:
        console.print("nothing is held out, so that nothing can be said of what was learned")
    elif not report.stopped_by:  # else the last measuring lies some steps back
        console.print(_change_table(before, after))
        console.print(
            f"on {after.documents} held-out documents. Vision gain: how much worse the text is "
            "predicted when the pictures are another document's; ± 2 standard errors",
            style="dim",
        )
    console.print(f"checkpoint  {report.checkpoint}", soft_wrap=True)
    console.print(f"metrics     {report.output / 'metrics.jsonl'}", soft_wrap=True)
    if report.curves is not None:
        console.print(f"curves      {report.curves}", soft_wrap=True)


def gain_text(evaluation: "Evaluation") -> str:
    """Return a vision gain with two standard errors, such as `+0.213 ± 0.031`; `-` for none."""
    if math.isnan(evaluation.vision_gain):
        return "-"
    return f"{evaluation.vision_gain:+.3f} ± {2 * evaluation.vision_gain_error:.3f}"


def _parts_table(found: "DryRun") -> Table:
    counts = found.counts
    table = _table("part", "learn", "frozen", justify=("left", "right", "right"))
    for part in sorted(counts.parts, key=lambda part: not part.trainable):
        learn = f"{part.trainable:,}" if part.trainable else ""
        table.add_row(part.name, learn, f"{part.frozen:,}" if part.frozen else "")
    table.add_section()
    table.add_row(
        f"all, of which {counts.trainable_share:.1%} learn",
        f"{counts.trainable:,}",
        f"{counts.frozen:,}",
    )
    return table


def _memory_table(found: "DryRun") -> Table:
    memory = found.memory
    table = _table("memory of each device (estimate)", "", justify=("left", "right"))
    for name, size in (
        ("frozen weights, 16 bits", memory.frozen_weights),
        ("trained weights, 32 bits", memory.trained_weights),
        ("their gradients", memory.gradients),
        ("AdamW", memory.optimizer),
        ("activations, 16 bits", memory.activations),
    ):
        table.add_row(name, _bytes(size))
    table.add_section()
    table.add_row("all", _bytes(memory.total))
    return table


def _step_table(recipe: "TrainRecipe", found: "DryRun") -> Table:
    batch, shape = recipe.batch, found.shape
    table = _table("one step of the optimizer", "", justify=("left", "left"))
    size = f"{batch.sequences:,} packed sequences of {shape.sequence_tokens:,}"
    table.add_row("tokens", f"{found.tokens_per_step:,}: {size}, padding included")
    pairs = f"{batch.pairs:,}, each of which is a negative of all others"
    table.add_row("pairs", pairs if recipe.is_contrastive else "none: no contrastive loss")
    ranks = "1 rank" if found.ranks == 1 else f"each of {found.ranks} ranks"
    at_once = f"{shape.sequences} sequences at once"
    table.add_row("on " + ranks, f"{found.accumulation} x {at_once}, {shape.pairs:,} pairs")
    horizon = f"{recipe.optimizer.tokens:,} tokens"
    steps = found.data.steps if found.data else None
    least = math.ceil(recipe.optimizer.tokens / found.tokens_per_step)
    count = f"about {steps:,} steps" if steps else f"at least {least:,} steps"
    table.add_row("training", f"{horizon}, padding left out: {count}")
    return table


def _change_table(before: "Evaluation", after: "Evaluation") -> Table:
    table = _table("held out", "before", "after", justify=("left", "right", "right"))
    table.add_row("loss, nats per token", f"{before.loss:.3f}", f"{after.loss:.3f}")
    for kind, loss in after.loss_by_kind.items():
        first = before.loss_by_kind.get(kind)
        table.add_row(f"  {kind}", "-" if first is None else f"{first:.3f}", f"{loss:.3f}")
    table.add_row("vision gain, nats per token", gain_text(before), gain_text(after))
    if len(after.vision_gain_by_kind) > 1:
        for kind, gain in after.vision_gain_by_kind.items():
            first = before.vision_gain_by_kind.get(kind)
            table.add_row(f"  {kind}", "-" if first is None else f"{first:+.3f}", f"{gain:+.3f}")
    if before.retrieval_top1 is not None and after.retrieval_top1 is not None:
        shares = (f"{before.retrieval_top1:.0%}", f"{after.retrieval_top1:.0%}")
        table.add_row(f"partner found among {after.pairs} pairs", *shares)
    return table


def _table(*names: str, justify: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name, side in zip(names, justify, strict=True):
        table.add_column(name, justify="right" if side == "right" else "left")
    return table


def _bytes(size: int) -> str:
    return f"{size / 2**30:,.2f} GiB" if size >= 2**27 else f"{size / 2**20:,.1f} MiB"
