"""Numbers of a report in words, the same on every page of it."""

from collections.abc import Sequence

from ....schemas.audit_report import AuditReport, Rate, RiskReport, StratumReport, TextReport
from ....schemas.estimate import Agreement, Estimate
from .visible import visible

_IS_SO = {
    "wrong": "of claims are wrong",
    "cannot_tell": "of claims cannot be told from the clip",
    "severe": "of claims are severely wrong",
    "clips_with_error": "of clips have at least one wrong claim",
    "bad": "of clips are bad",
    "not_good": "of clips are flawed or bad",
}
_OF_CLIPS = ("bad", "not_good")
"""Rates that clips count in whose claims have no verdict."""

DOUBT = "Too few videos: the interval is rough, or made wide on purpose."
"""What a star beside an interval says."""


def number(share: float) -> str:
    """Return a share in percent without the sign: `7.3`, and `0` or `100` only where it is that."""
    percent = 100 * share
    for decimals in (1, 2):
        text = f"{percent:.{decimals}f}"
        if float(text) not in (0.0, 100.0):
            return text
    return f"{percent:.0f}"


def percent(share: float | None) -> str:
    """Return a share in percent: `7.3 %`."""
    return "not known" if share is None else f"{number(share)} %"


def interval(estimate: Estimate) -> str:
    """Return the ends of an interval: `4.1 to 12.0 %`."""
    return f"{number(estimate.lower)} to {number(estimate.upper)} %"


def confidence(estimate: Estimate) -> str:
    """Return what an interval promises: `95 %`."""
    return f"{100 * estimate.confidence:g} %"


def share_of(estimate: Estimate) -> str:
    """Return a share with its interval: `7.3 % (4.1 to 12.0 %)`."""
    if estimate.value is None:
        return "not known"
    return f"{percent(estimate.value)} ({interval(estimate)})"


def described(rate: Rate) -> str:
    """Return what a picture of an interval shows, for who cannot see it."""
    if rate.estimate.value is None:
        return f"{visible(rate.title)}: not known, nothing was judged"
    return (
        f"{visible(rate.title)}: {percent(rate.estimate.value)}, {confidence(rate.estimate)} "
        f"interval {interval(rate.estimate)}; exact interval of those judged {interval(rate.exact)}"
    )


def sentence(report: AuditReport, rate: Rate) -> str:
    """Return what was found in one sentence that can be quoted as it stands."""
    estimate = rate.estimate
    num_clips, num_videos = _seen(report, rate)
    who = (
        f"judged by {count(report.num_raters, 'person', 'people')} on "
        f"{count(num_clips, 'clip')} of {count(num_videos, 'video')}"
    )
    if estimate.value is None:
        return f"{visible(rate.title)}: not known; {who}."
    is_so = _IS_SO.get(rate.name)
    found = f"{percent(estimate.value)} {is_so}" if is_so else _named(rate)
    if not report.is_quotable:
        found = f"Not to be quoted: {found}"
    return (
        f"{found}; between {number(estimate.lower)} and {percent(estimate.upper)} with "
        f"{confidence(estimate)} confidence, {who}."
    )


def progress(report: AuditReport) -> str:
    """Return how far the judging is, in a sentence."""
    drawn = f"{report.num_planned:,}"
    if not report.num_rated:
        return f"Nothing is judged yet of {count(report.num_planned, 'clip')} that were drawn."
    judged = (
        f"{count(report.num_rated, 'clip')} of {count(report.num_videos, 'video')} judged by "
        f"{count(report.num_raters, 'person', 'people')}"
    )
    left = report.num_planned - report.num_rated
    return f"{judged}; {left:,} of {drawn} drawn are still to be judged." if left else f"{judged}."


def agreement(found: Agreement) -> str:
    """Return an agreement: `Cohen's kappa 0.81 (0.70 to 0.92)`."""
    name = found.coefficient.full_name
    if found.value is None:
        return f"{name} not defined"
    if found.lower is None or found.upper is None:
        return f"{name} {found.value:.2f}"
    return f"{name} {found.value:.2f} ({found.lower:.2f} to {found.upper:.2f})"


def claims_judged_twice(found: Agreement) -> str:
    """Return what an agreement about claims rests on: `120 claims of 40 clips`."""
    return f"{count(found.raw.num_items, 'claim')} of {count(found.num_clips, 'clip')}"


def writer(model: str | None, revision: str | None = None) -> str:
    """Return who wrote a text."""
    return " ".join(part for part in (model, revision) if part) or "given with the source"


def risk(pool: RiskReport) -> str:
    """Return what was seen of the risk pool, in sentences."""
    judged = f"{pool.num_rated} of {count(pool.num_planned, 'clip')} that were picked because they"
    return (
        f"Judged: {judged} look bad. Wrong: {pool.num_wrong} of "
        f"{count(pool.num_claims, 'decided claim')}, in {count(pool.num_with_error, 'clip')}. Bad: "
        f"{count(pool.num_bad, 'clip')}; flawed: {pool.num_flawed}. These are counts, not "
        "estimates: they say nothing of the dataset."
    )


def drawing(report: AuditReport) -> str:
    """Return how the sample came about, in sentences."""
    if report.strata:
        how, chance = ", stratum by stratum", "the chance of its stratum"
    else:
        share = report.num_planned / report.population if report.population else None
        how, chance = "", f"the same chance, {percent(share)}"
    return (
        f"Drawn by chance: {report.num_planned:,} of {count(report.population, 'clip')} with a "
        f"caption{how}. Each had {chance}, and counts for one over it. Judged: "
        f"{count(report.num_rated, 'clip')} with {count(report.num_claims, 'claim')}. The same "
        "seed draws the same clips; a larger sample holds them all."
    )


def effective_size(report: AuditReport) -> str:
    """Return how many equally likely claims would tell as much as those that were judged."""
    first = report.rates[0].estimate
    return (
        f"as {count(round(first.num_effective_items), 'claim')} drawn with equal chances would, "
        f"of {first.num_items:,} judged"
    )


def count(num: int, one: str, many: str | None = None) -> str:
    """Return a number of things: `1 clip`, `1,200 clips`."""
    return f"{num:,} {one if num == 1 else many or one + 's'}"


def caveats(report: AuditReport) -> list[str]:
    """Return what must stand beside the rates, each once, as sentences."""
    titles: dict[str, list[str]] = {}
    for rate in report.rates:
        for caveat in rate.estimate.caveats if rate.estimate.value is not None else ():
            if not any(caveat in one for one in report.caveats):
                titles.setdefault(caveat, []).append(visible(rate.title))
    of_rates = (f"{', '.join(of)}: {caveat}" for caveat, of in titles.items())
    return [closed(one) for one in dict.fromkeys((*report.caveats, *of_rates))]


def has_doubts(groups: Sequence[AuditReport | StratumReport | TextReport]) -> bool:
    """Say whether an interval of theirs is of too few videos."""
    return any(rate.estimate.caveats for group in groups for rate in group.rates)


def reasons(report: AuditReport) -> list[str]:
    """Return why the rates must not be quoted, as sentences."""
    return [closed(one) for one in report.reasons]


def dataset_name(url: str) -> str:
    """Return what people call the dataset at a URL: `demo` for `demo/dataset`."""
    parts = [part for part in url.rstrip("/").split("/") if part not in ("", "..", ".")]
    if len(parts) > 1 and parts[-1] == "dataset":
        return parts[-2]
    return parts[-1] if parts else "dataset"


def closed(text: str) -> str:
    """Return a text as a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _seen(report: AuditReport, rate: Rate) -> tuple[int, int]:
    """Return the clips and videos that a rate is of: of claims, those that were judged whole."""
    whole = {one.name: one.num_items for one in report.rates}.get("clips_with_error")
    if rate.name in _OF_CLIPS or not whole:
        return report.num_rated, report.num_videos
    return whole, rate.estimate.num_clusters or report.num_videos


def _named(rate: Rate) -> str:
    return f"{visible(rate.title)}: {percent(rate.estimate.value)}"
