"""`interlink audit compare`: two audits of the same clips, or two captions of each clip."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...schemas.arrow import to_plain
from ...schemas.audit import AuditPlan, Rating
from ...schemas.audit_comparison import AuditComparison
from ..audit.comparison.compare import compare_audits, compare_captions
from ..audit.comparison.gate_values import comparison_names, comparison_values
from ..audit.comparison.text import (
    all_caveats,
    compared,
    conclusion,
    difference_cells,
    explained,
    one_line,
    preference_lines,
    render_comparison,
)
from ..audit.plan import read_plan
from ..audit.ratings.store import stored_ratings
from ..storage.store import Store
from .console import make_console, number_table, plain_text
from .gates import FailIf, check_gates, read_gates

JSON_NAME, MARKDOWN_NAME = "comparison.json", "comparison.md"
_CAPTIONS = "captions"
"""Name of the folder where the two captions of one audit are compared."""


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder of an audit.")],
    second: Annotated[
        Path | None,
        typer.Argument(metavar="B", help="Another; left out, A's two captions of each clip."),
    ] = None,
    fail_if: FailIf = None,
    output: Annotated[Path | None, typer.Option(help="Folder; left out, A/compare/NAME.")] = None,
) -> None:
    """Say which captions are better, on the same clips.

    A and B may be audits of two datasets with the same clips, as before and after captions were
    written anew: draw both samples with the same --seed and options. Without B the two captions of
    a blind audit are compared, and which of them raters prefer.

    Every difference is B minus A, so that below 0 B is better. Gates may name
    clips_with_error_difference and its ends clips_with_error_difference_lower95 and
    clips_with_error_difference_upper95, clips_with_error_difference_p, clips_with_error_a and
    clips_with_error_b; the same of wrong_claims, and of two audits of bad and not_good; of two
    captions prefer_b, prefer_b_lower95, prefer_b_upper95 and prefer_b_p; num_clips, num_videos.
    What is not known crosses any gate.
    """
    names = comparison_names(is_of_audits=second is not None)
    gates = read_gates(fail_if, names, of="the comparison")
    plan, ratings = _read(first)
    if second is None:
        found = compare_captions(plan, ratings)
    else:
        other, others = _read(second)
        found = compare_audits(plan, other, first_ratings=ratings, second_ratings=others)
    name = _CAPTIONS if second is None else second.resolve().name
    folder = Store(str(output or first / "compare" / name))
    folder.put(JSON_NAME, json.dumps(to_plain(found), indent=1, ensure_ascii=False).encode())
    folder.put(MARKDOWN_NAME, render_comparison(found).encode())
    console = make_console()
    print_comparison(console, found)
    console.print(f"numbers  {folder.display(JSON_NAME)}", soft_wrap=True)
    console.print(f"page     {folder.display(MARKDOWN_NAME)}", soft_wrap=True)
    for line in check_gates(gates, comparison_values(found)):
        console.print(line)


def print_comparison(console: Console, comparison: AuditComparison) -> None:
    """Print what a comparison holds."""
    console.print(f"A  {plain_text(one_line(comparison.first))}", soft_wrap=True)
    console.print(f"B  {plain_text(one_line(comparison.second))}", soft_wrap=True)
    console.print(compared(comparison))
    for group in comparison.left_out:
        console.print(f"left out {group.num_clips:,} {group.reason}")
    table = number_table("", "A", "B", "B - A", "95 % interval", "A only", "B only", "p")
    table.columns[0].no_wrap = True
    table.add_column("better")
    for one in comparison.differences:
        table.add_row(*difference_cells(one), conclusion(one))
    console.print()
    console.print(table)
    for line in explained(comparison):
        console.print(line)
    if comparison.preferences is not None:
        console.print()
        for line in preference_lines(comparison.preferences):
            console.print(line)
    caveats = all_caveats(comparison)
    if caveats:
        console.print("\nSay beside these numbers:")
    for caveat in caveats:
        console.print(f"- {plain_text(caveat)}")


def _read(audit: Path) -> tuple[AuditPlan, tuple[Rating, ...]]:
    folder = Store(str(audit))
    plan = read_plan(folder)
    return plan, stored_ratings(folder, plan)
