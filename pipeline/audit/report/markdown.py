"""The report as Markdown: all numbers of the page, without its pictures."""

import jinja2

from ....schemas.audit_report import AuditReport
from ..rubric import make_rubric
from . import wording
from .meanings import MEANINGS
from .visible import escape_markdown, to_markdown, visible


def render_markdown(report: AuditReport) -> str:
    """Return the report as a Markdown page; what others wrote marks nothing up in it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown; what others wrote goes through the filter below
    )
    environment.filters["others"] = to_markdown
    environment.filters["told"] = told
    rubric = make_rubric()
    return environment.get_template("report.md").render(
        report=report,
        w=wording,
        name=wording.dataset_name(report.dataset_url),
        titles={term.name: term.title for term in rubric.error_types} | {None: "Not named"},
        severities={int(term.name): term.title for term in rubric.severities},
        meanings=MEANINGS,
    )


def told(text: str) -> str:
    """Return a sentence of a report; only what stands between backticks is marked up."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:  # a code span that does not end
        return to_markdown(text)
    return "`".join(
        part if place % 2 else escape_markdown(part) for place, part in enumerate(parts)
    )
