"""`interlink audit report`: what raters found, how sure that is, and whether it may be quoted."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ...schemas.audit_report import AuditReport, Rate, RaterReport
from ...schemas.estimate import Estimate
from ..audit.plan import read_plan
from ..audit.ratings.store import stored_ratings
from ..audit.report import wording
from ..audit.report.gate_values import GATE_NAMES, gate_values
from ..audit.report.html import render_html
from ..audit.report.make import make_report
from ..audit.report.markdown import render_markdown
from ..audit.report.report_file import REPORT_FOLDER, REPORT_NAME, write_report
from ..storage.store import Store
from .console import make_console, number_table, plain_text
from .gates import FailIf, check_gates, read_gates

PAGE_NAME, MARKDOWN_NAME = f"{REPORT_FOLDER}/index.html", f"{REPORT_FOLDER}/report.md"
_MAX_ROWS = 20


def report(
    audit: Annotated[Path, typer.Argument(metavar="AUDIT", help="Folder of an audit.")],
    fail_if: FailIf = None,
) -> None:
    """Say how wrong the captions are, and how sure that is.

    Rates are of all clips that were drawn from: each judged clip is weighted by one over its chance
    of being drawn, and the 95 % interval allows for clips of one video being alike. Numbers that a
    gate may name are a rate such as wrong, its ends wrong_lower95 and wrong_upper95, its exact
    upper end wrong_exact_upper95, and agreement, sensitivity, num_clips and num_raters. A gate that
    protects asks for wrong_upper95: the exact end knows nothing of strata and of videos. What is
    not known crosses any gate.
    """
    gates = read_gates(fail_if, GATE_NAMES)
    folder = Store(str(audit))
    plan = read_plan(folder)
    found = make_report(plan, stored_ratings(folder, plan))
    write_report(folder, found)
    folder.put(MARKDOWN_NAME, render_markdown(found).encode())
    folder.put(PAGE_NAME, render_html(found, audit).encode())
    console = make_console()
    print_report(console, found)
    console.print(f"page     {folder.display(PAGE_NAME)}", soft_wrap=True)
    console.print(f"as text  {folder.display(MARKDOWN_NAME)}", soft_wrap=True)
    console.print(f"numbers  {folder.display(REPORT_NAME)}", soft_wrap=True)
    for line in check_gates(gates, gate_values(found)):
        console.print(line)


def print_report(console: Console, report: AuditReport) -> None:
    """Print what a report holds, without examples."""
    clips = f"{report.num_rated} of {report.num_planned} clips"
    console.print(
        f"judged {clips}, {report.num_claims} claims, {report.num_videos} videos, "
        f"{report.num_raters} raters; rates of {report.population} clips"
    )
    if report.num_rated:
        _print_rates(console, report)
        _print_errors(console, report)
    if report.raters:
        _print_raters(console, report)
    if report.risk.num_rated:
        risk = report.risk
        console.print(
            f"\nrisk pool, no estimate: {risk.num_wrong} of {risk.num_claims} claims wrong, "
            f"{risk.num_bad} of {risk.num_rated} clips bad"
        )
    if report.reasons and report.num_rated:
        console.print("\nDo not quote these rates:")
    for reason in wording.reasons(report):
        console.print(f"- {plain_text(reason)}")
    caveats = wording.caveats(report) if report.num_rated else []
    if caveats:
        console.print("\nSay beside the rates:")
    for caveat in caveats:
        console.print(f"- {plain_text(caveat)}")


def _print_rates(console: Console, report: AuditReport) -> None:
    table = number_table("rate", "share", "95 % interval", "counted", "exact interval")
    for rate in report.rates:
        _add_rate(table, rate.title, rate)
    for text in report.texts if len(report.texts) > 1 else ():
        who = " ".join(part for part in (text.model, text.revision) if part) or "with the source"
        _add_rate(table, f"  wrong: {plain_text(who)}"[:40], text.rates[0])
    for stratum in report.strata[:_MAX_ROWS]:
        _add_rate(table, f"  wrong: {plain_text(stratum.stratum)}"[:40], stratum.rates[0])
    console.print(table)
    if len(report.strata) > _MAX_ROWS:
        console.print(f"and {len(report.strata) - _MAX_ROWS} more strata")


def _add_rate(table: Table, title: str, rate: Rate) -> None:
    table.add_row(
        title,
        *_share(rate.estimate),
        f"{rate.num_of} of {rate.num_items}",
        _share(rate.exact)[1],
    )


def _print_errors(console: Console, report: AuditReport) -> None:
    if not report.errors:
        return
    table = number_table("what is wrong", "claims", "share", "95 % interval")
    for error in report.errors:
        name = error.error_type.value.replace("_", " ") if error.error_type else "not said"
        table.add_row(name, str(error.num_claims), *_share(error.share))
    console.print()
    console.print(table)


def _print_raters(console: Console, report: AuditReport) -> None:
    table = number_table(
        "rater", "clips", "calls wrong", "planted errors found", "repeats judged alike"
    )
    for rater in report.raters:
        table.add_row(
            plain_text(rater.rater)[:40],
            str(rater.num_rated),
            wording.percent(rater.wrong.value),
            _planted(rater),
            wording.percent(rater.self_agreement.value),
        )
    console.print()
    console.print(table)
    if report.agreement.value is not None:
        console.print(
            f"agreement about claims: {wording.agreement(report.agreement)}, "
            f"{wording.claims_judged_twice(report.agreement)} judged twice"
        )


def _planted(rater: RaterReport) -> str:
    found = rater.sensitivity
    return f"{rater.num_found} of {found.num_items}" if found.num_items else "none judged"


def _share(estimate: Estimate) -> tuple[str, str]:
    """Return a share and its interval, which is left out where nothing was judged."""
    if estimate.value is None:
        return wording.percent(None), ""
    return wording.percent(estimate.value), wording.interval(estimate)
