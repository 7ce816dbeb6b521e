"""The numbers of a comparison that `--fail-if` may name.

```
NAME_a  NAME_b            the share of A and of B
NAME_difference           B minus A: below 0 B is better
NAME_difference_lower95   its interval's lower end, and _upper95
NAME_difference_p         McNemar's exact test
prefer_b                  of clips where one caption is preferred, the share where it is B's;
                          _lower95, _upper95, and _p for the sign test
num_clips  num_videos     what was compared
```

NAME is `clips_with_error` or `wrong_claims`, and of two audits `bad` or `not_good` as well.
"""

from ....schemas.audit_comparison import AuditComparison
from ....schemas.estimate import Estimate
from .numbers import CLAIM_NAMES, CLIP_NAMES

_OF_ESTIMATE = ("", "_lower95", "_upper95")
_OF_NAME = ("_a", "_b", *(f"_difference{end}" for end in _OF_ESTIMATE), "_difference_p")
_OF_BOTH = ("num_clips", "num_videos")
_PREFERENCES = (*(f"prefer_b{end}" for end in _OF_ESTIMATE), "prefer_b_p")


def comparison_names(*, is_of_audits: bool) -> tuple[str, ...]:
    """Return all names of numbers, of two audits or of the two captions of one."""
    names = (*CLAIM_NAMES, *CLIP_NAMES) if is_of_audits else CLAIM_NAMES
    more = () if is_of_audits else _PREFERENCES
    return (*(f"{name}{end}" for name in names for end in _OF_NAME), *more, *_OF_BOTH)


def comparison_values(comparison: AuditComparison) -> dict[str, float | None]:
    """Return the numbers by name; None where one is not known."""
    values: dict[str, float | None] = {
        "num_clips": float(comparison.num_clips),
        "num_videos": float(comparison.num_videos),
    }
    for one in comparison.differences:
        values[f"{one.name}_a"], values[f"{one.name}_b"] = one.first, one.second
        values |= _of_estimate(f"{one.name}_difference", one.difference)
        values[f"{one.name}_difference_p"] = one.p_value
    if comparison.preferences is not None:
        values |= _of_estimate("prefer_b", comparison.preferences.prefer_second)
        values["prefer_b_p"] = comparison.preferences.p_value
    return dict.fromkeys(_PREFERENCES) | values


def _of_estimate(name: str, estimate: Estimate) -> dict[str, float | None]:
    numbers = (estimate.value, estimate.lower, estimate.upper)
    return {f"{name}{end}": number for end, number in zip(_OF_ESTIMATE, numbers, strict=True)}
