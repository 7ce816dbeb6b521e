"""A comparison in words, and as a page of Markdown; names that others chose are made safe there."""

from collections.abc import Iterator

from ....schemas.audit_comparison import AuditComparison, Compared, Difference, Preferences
from ....schemas.estimate import Estimate
from ..report.rates import RATES
from ..report.visible import to_markdown, visible
from ..report.wording import count, interval, number, percent

_MAX_NAMES = 10


def render_comparison(comparison: AuditComparison) -> str:
    """Return the comparison as Markdown."""
    lines = [
        "# A against B, on the same clips",
        "",
        "| | dataset | captions by | claims | judged by |",
        "|---|---|---|---:|---|",
        *(
            f"| {name} | {to_markdown(one.dataset_url)}, version {one.dataset_version} "
            f"| {_names(one.models)} | {one.num_claims:,} | {_names(one.raters)} |"
            for name, one in (("A", comparison.first), ("B", comparison.second))
        ),
        "",
        f"{capital(compared(comparison))}.",
        *_left_out(comparison),
        "",
        "| | A | B | B - A, in points | 95 % interval | worse in A only | worse in B only | p |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(f"| {' | '.join(difference_cells(one))} |" for one in comparison.differences),
        "",
        *(
            f"- {one.title}: {one.what} Better: {conclusion(one)}."
            for one in comparison.differences
        ),
    ]
    if comparison.preferences is not None:
        lines += ["", *(f"- {line}." for line in preference_lines(comparison.preferences))]
    lines += [
        "",
        "The interval is a bootstrap over videos; p is McNemar's exact test, or the sign test, "
        "which take neither weights nor videos into account: where they differ believe the "
        "interval.",
    ]
    caveats = all_caveats(comparison)
    if caveats:
        lines += ["", "Say beside these numbers:", "", *(f"- {one}." for one in caveats)]
    return "\n".join(lines) + "\n"


def compared(comparison: AuditComparison) -> str:
    """Return which clips were compared, in one sentence without its full stop."""
    weights = (
        "weighted to stand for all clips that were drawn from"
        if comparison.is_weighted
        else "each counted alike"
    )
    return (
        f"compared {comparison.num_clips:,} of {count(comparison.num_shared, 'shared clip')}, "
        f"of {count(comparison.num_videos, 'video')}, {weights}"
    )


def difference_cells(one: Difference) -> tuple[str, ...]:
    """Return title, A, B, difference and its interval in points, counts and p, for a table."""
    known = one.difference.value is not None
    return (
        one.title,
        percent(one.first),
        percent(one.second),
        points(one.difference.value),
        f"{points(one.difference.lower)} to {points(one.difference.upper)}" if known else "",
        str(one.num_only_first),
        str(one.num_only_second),
        p_value(one.p_value),
    )


def conclusion(one: Difference) -> str:
    """Return which of the two is better by the interval; `perhaps` where that cannot be trusted."""
    if one.difference.value is None:
        return "not known"
    if one.difference.lower <= 0 <= one.difference.upper:
        return "cannot be told"
    better = "A" if one.difference.lower > 0 else "B"
    return f"perhaps {better}" if one.difference.caveats else better


def explained(comparison: AuditComparison) -> Iterator[str]:
    """Yield what those numbers are whose title does not say it, as sentences."""
    for one in comparison.differences:
        if one.name not in RATES:
            yield f"{one.title}: {one.what}"


def preference_lines(found: Preferences) -> Iterator[str]:
    """Yield what raters prefer, as sentences without their full stops."""
    total = found.num_first + found.num_second + found.num_same
    yield (
        f"Of {count(total, 'clip')} A is preferred in {found.num_first:,}, B in "
        f"{found.num_second:,}, and both are the same in {found.num_same:,}"
        + (f"; of {found.num_without:,} nobody said" if found.num_without else "")
    )
    share = found.prefer_second
    if share.value is not None:
        yield (
            f"Where one is preferred it is B in {percent(share.value)} ({interval(share)}, "
            f"sign test p = {p_value(found.p_value)}). {_preferred(share)}"
        )


def all_caveats(comparison: AuditComparison) -> list[str]:
    """Return what must be said beside the numbers, each once, without full stops."""
    estimates = [(one.title, one.difference) for one in comparison.differences]
    if comparison.preferences is not None:
        estimates.append(("Preferred", comparison.preferences.prefer_second))
    titles: dict[str, list[str]] = {}
    for title, estimate in estimates:
        for caveat in estimate.caveats:
            titles.setdefault(caveat, []).append(title)
    of_estimates = (
        caveat if len(of) == len(estimates) else f"{', '.join(of)}: {caveat}"
        for caveat, of in titles.items()
    )
    return [capital(caveat) for caveat in (*comparison.caveats, *of_estimates)]


def points(value: float | None) -> str:
    """Return a difference of shares in points of a percent, with its sign: `-7.3`."""
    if value is None:
        return "not known"
    sign = "-" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{number(abs(value))}"


def p_value(value: float) -> str:
    """Return a p-value with two digits: `0.03`, `< 0.0001`."""
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def capital(text: str) -> str:
    """Return a sentence with its first letter a capital."""
    return text[:1].upper() + text[1:]


def one_line(one: Compared) -> str:
    """Return what one of the two is, for a terminal."""
    names = ", ".join(visible(name, 60) for name in one.models[:_MAX_NAMES])
    return f"{visible(one.dataset_url)}, version {one.dataset_version}, captions by {names}"


def _preferred(share: Estimate) -> str:
    if share.lower <= 0.5 <= share.upper:
        return "Which is preferred cannot be told"
    better = "A" if share.upper < 0.5 else "B"
    return f"Preferred: {'perhaps ' if share.caveats else ''}{better}"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - _MAX_NAMES
    shown = ", ".join(to_markdown(name, 60) for name in names[:_MAX_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def _left_out(comparison: AuditComparison) -> Iterator[str]:
    if comparison.left_out:
        yield ""
        yield "Left out:"
        yield ""
        for one in comparison.left_out:
            yield f"- {count(one.num_clips, 'clip')} {one.reason}"
