"""The card's pictures: SVG with a bar or an interval in each row; equal facts give equal bytes."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from ...schemas.audit_report import AuditReport
from ...schemas.estimate import Estimate
from ...schemas.outcome import Disposition
from ..audit.report import wording
from ..audit.report.forest import Axis, make_axis
from ..audit.report.visible import visible
from ..recipes.recipe import Steps
from .card_facts import CardFacts, Histogram, by_count

PICTURE_FOLDER = "card"
_BAR_PX = 260
_MAX_ROWS = 10
_MAX_TEXT = 46
"""Characters that fit behind a bar."""
_KINDS = {"source": "Sources", "clip": "Clips"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; a heading where it has no bar."""

    label: str
    """What stands before it."""
    text: str = ""
    """What stands behind it."""
    start: int = 0
    """Where the bar begins, in px."""
    end: int | None = None
    """Where it ends."""
    rest: int | None = None
    """Where a paler bar ends that goes on from there."""
    dot: int | None = None
    """Where a dot is; the bar is then the thin one of an interval."""
    is_doubtful: bool = False
    """Whether an interval must not be relied on: it is dashed."""
    struck: str = ""
    """What stands struck through before the text, as it must not be quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of the card."""

    path: str
    """Its file under the dataset's root."""
    title: str
    """What it shows."""
    note: str
    """What one must know to read it."""
    rows: tuple[Row, ...]
    """Its rows, from top to bottom."""
    ends: tuple[str, str] | None = None
    """What both ends of the lines of intervals stand for."""

    @property
    def alt(self) -> str:
        """What it says, for who cannot see it."""
        told = (
            f"{row.label}: {f'{row.struck} {row.text}'.lstrip()}"
            for row in self.rows
            if row.end is not None
        )
        return f"{self.title}. {'; '.join(told)}"

    def svg(self) -> bytes:
        """Return the content of its file; text that others wrote is cleaned and escaped."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader(__package__ or ""),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=True,
        )
        environment.filters["short"] = _short
        environment.globals["max_text"] = _MAX_TEXT
        return environment.get_template("chart.svg").render(picture=self).encode()


def distribution_pictures(facts: CardFacts) -> Iterator[Picture]:
    """Yield a picture of each distribution of which there is something to show."""
    histograms = (
        ("durations", "How long clips are", "clips by duration", "s", facts.durations),
        ("characters", "How much text documents have", "documents by characters", "",
         facts.characters),
        ("word_probability", "How sure the recogniser is of the words of a clip",
         "clips with speech, by mean probability of their words", "", facts.probabilities),
    )  # fmt: skip
    for name, title, note, unit, histogram in histograms:
        if sum(histogram.counts):
            yield _picture(name, title, note, _histogram_rows(histogram, unit))
    languages = by_count(facts.languages)
    if len(languages) > 1:
        rest = sum(count for _, count in languages[_MAX_ROWS:])
        counts = languages[:_MAX_ROWS] + ([("others", rest)] if rest else [])
        title = "Languages that are spoken"
        yield _picture("languages", title, "documents by language", _bars(counts))


def funnel_picture(funnel: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Return what was left after each step that lost something; None where nothing was attempted.

    Args:
        funnel: the rows of `read_funnel`.
    """
    rows: list[Row] = []
    for kind, title in _KINDS.items():
        own = [row for row in funnel if row["kind"] == kind]
        if own:
            rows += [Row(label=title), *_waterfall(own)]
    if not rows:
        return None
    return _picture("funnel", "What became of what was attempted", "pale: lost at this step", rows)


def rates_picture(report: AuditReport) -> Picture | None:
    """Return the rates of an audit with their intervals; None where nothing was judged."""
    rates = [rate for rate in report.rates if rate.estimate.value is not None]
    if not rates:
        return None
    axis = make_axis(rate.estimate for rate in rates)
    is_quotable = report.is_quotable
    doubt = "; dashed: rough" if wording.has_doubts([report]) else ""
    return Picture(
        path=_path(f"audit-{report.audit_id[:12]}"),
        title=f"What raters found{'' if is_quotable else ': not to be quoted'}",
        note=f"rates with 95 % intervals{doubt}",
        rows=tuple(
            _rate_row(rate.title, rate.estimate, axis, report.is_quotable) for rate in rates
        ),
        ends=(axis.ticks[0].label, axis.ticks[-1].label),
    )


def _rate_row(title: str, estimate: Estimate, axis: Axis, is_quotable: bool) -> Row:
    def px(share: float) -> int:
        return round(_BAR_PX * min(max(share / axis.end, 0.0), 1.0))

    value = wording.percent(estimate.value)
    interval = f"({wording.interval(estimate)})"
    return Row(
        label=title,
        text=f"{value} {interval}" if is_quotable else interval,
        start=px(estimate.lower),
        end=px(estimate.upper),
        dot=px(estimate.value or 0.0),
        is_doubtful=bool(estimate.caveats),
        struck="" if is_quotable else value,
    )


def _left(left: int, reasons: Sequence[tuple[str, int]]) -> str:
    """Return how many are left, with as many reasons as there is room for."""
    for shown in range(len(reasons), 0, -1):
        told = [f"{code} {count:,}" for code, count in reasons[:shown]]
        text = f"{left:,} (lost: {', '.join(told)}{', ...' if shown < len(reasons) else ''})"
        if len(text) <= _MAX_TEXT:
            return text
    return f"{left:,}"


def _short(text: str, most: int) -> str:
    """Return the beginning of a text, without what cannot be seen or XML cannot hold."""
    shown = visible(text[: 4 * most], 4 * most).replace("\ufffe", "?").replace("\uffff", "?")
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _picture(name: str, title: str, note: str, rows: Sequence[Row]) -> Picture:
    return Picture(path=_path(name), title=title, note=note, rows=tuple(rows))


def _path(name: str) -> str:
    return f"{PICTURE_FOLDER}/{name}.svg"


def _bars(counts: Sequence[tuple[str, int]]) -> list[Row]:
    most = max((count for _, count in counts), default=0) or 1
    return [
        Row(label=label, text=f"{count:,}", end=round(_BAR_PX * count / most))
        for label, count in counts
    ]


def _histogram_rows(histogram: Histogram, unit: str) -> list[Row]:
    edges = [f"{edge:,g}" for edge in histogram.edges]
    inner = [f"{low} to {high}" for low, high in itertools.pairwise(edges)]
    labels = [f"under {edges[0]}", *inner, f"{edges[-1]} or more"]
    named = [
        (f"{label} {unit}".rstrip(), n) for label, n in zip(labels, histogram.counts, strict=True)
    ]
    while named and not named[-1][1]:
        named.pop()
    first = next(place for place, (_, count) in enumerate(named) if count)
    return _bars(named[first:])


def _waterfall(funnel: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield how many there were, and how many were left after each step that lost some."""
    total = left = sum(row["count"] for row in funnel)
    yield Row(label="attempted", text=f"{total:,}", end=_BAR_PX)
    lost: dict[str, Counter[str]] = defaultdict(Counter)
    for row in funnel:
        if row["disposition"] != Disposition.KEPT:
            lost[row["step"]][row["code"] or row["disposition"]] += row["count"]
    steps = [*Steps.model_fields, *sorted(set(lost) - set(Steps.model_fields))]
    for step in steps:
        if step in lost:
            before, left = left, left - lost[step].total()
            yield Row(
                label=f"after {step}",
                text=_left(left, by_count(lost[step])),
                end=round(_BAR_PX * left / total),
                rest=round(_BAR_PX * before / total),
            )
    yield Row(label="kept", text=f"{left:,}", end=round(_BAR_PX * left / total))
