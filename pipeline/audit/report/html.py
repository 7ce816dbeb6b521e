"""The report as one page: no script, no request, opens from `file://`, prints.

It reads the report and looks for contact sheets in the audit's folder, nothing else. Its colors are
those of the review page.
"""

import base64
import hashlib
import importlib.resources
import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from ....schemas.audit_report import AuditReport, ErrorExample
from ..plan import SITE_FOLDER
from ..rubric import make_rubric
from . import wording
from .forest import UNIT_AXIS, make_axis
from .meanings import MEANINGS
from .visible import to_html, visible

_POLICY = (
    "default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'"
)
_DIGEST = re.compile(r"[0-9a-f]{12,}")
_PLAIN_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,99}")


def render_html(report: AuditReport, folder: Path) -> str:
    """Return the page, to be written to `report/index.html` of the audit's folder.

    Args:
        report: what was found.
        folder: of the audit; contact sheets that it lacks are left out.
    """
    audit = importlib.resources.files(__package__.rpartition(".")[0])
    names = ("site/page/theme.css", "report/templates/report.css")
    style = "".join((audit / name).read_text("utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rubric = make_rubric()
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            name=wording.dataset_name(report.dataset_url),
            policy=_POLICY.format(digest=digest),
            style=Markup(style),
            axis=make_axis(rate.estimate for rate in report.rates),
            hero_axis=make_axis(rate.estimate for rate in report.rates[:1]),
            unit_axis=UNIT_AXIS,
            error_axis=make_axis(error.share for error in report.errors),
            kinds={term.name: term for term in rubric.error_types},
            severities={int(term.name): term.title for term in rubric.severities},
            meanings=MEANINGS,
            sheet=lambda example: _sheet(folder, example),
            review=lambda example: _review(folder, example),
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["others"] = to_html
    environment.filters["plain"] = visible
    environment.filters["short"] = _short_digests
    environment.filters["joined"] = _joined
    environment.filters["told"] = _told
    environment.globals["w"] = wording
    environment.globals["make_axis"] = make_axis
    return environment


def _joined(text: str) -> str:
    """Keep a number and its percent sign on one line."""
    return text.replace(" %", "\u00a0%")


def _told(text: str) -> Markup:
    """Return a sentence of a report, with what stands between backticks as code."""
    parts = _joined(visible(wording.closed(text))).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def _short_digests(text: str) -> str:
    """Return a text with seven digits of each digest in it, as the review page shows them."""
    return _DIGEST.sub(lambda found: found[0][:7], text)


def _sheet(folder: Path, example: ErrorExample) -> str | None:
    """Return where the page finds the contact sheet of a clip; None if there is none."""
    known = _PLAIN_NAME.fullmatch(example.clip_id) and (folder / example.sheet).is_file()
    return f"../{example.sheet}" if known else None


def _review(folder: Path, example: ErrorExample) -> str | None:
    """Return where the item lies open on the review page; None if there is no such page."""
    page = f"{SITE_FOLDER}/index.html"
    known = _PLAIN_NAME.fullmatch(example.item_id) and (folder / page).is_file()
    return f"../{page}#{example.item_id}" if known else None
