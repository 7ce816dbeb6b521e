"""The numbers of a report that gates may name."""

from ....schemas.audit_report import AuditReport, Rate
from .rates import RATES

_ENDS = ("", "_lower95", "_upper95", "_exact_upper95")
GATE_NAMES = (
    *(f"{name}{end}" for name in RATES for end in _ENDS),
    "agreement",
    "sensitivity",
    "num_clips",
    "num_raters",
)
"""All of them: a rate, the ends of its interval, the upper end of its exact interval, and others.
Closed list."""


def gate_values(report: AuditReport) -> dict[str, float | None]:
    """Return each number of `GATE_NAMES`; None where it is not known, as nothing was judged."""
    values: dict[str, float | None] = {}
    for rate in report.rates:
        values |= _of_rate(rate)
    return values | {
        "agreement": report.agreement.value,
        "sensitivity": report.sensitivity.value,
        "num_clips": report.num_rated,
        "num_raters": report.num_raters,
    }


def _of_rate(rate: Rate) -> dict[str, float | None]:
    estimate = rate.estimate
    numbers = (estimate.value, estimate.lower, estimate.upper, rate.exact.upper)
    is_known = estimate.value is not None
    return {
        f"{rate.name}{end}": number if is_known else None
        for end, number in zip(_ENDS, numbers, strict=True)
    }
