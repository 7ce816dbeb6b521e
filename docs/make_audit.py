"""Writes the rubric and the meanings of numbers into `audit.md`.

Run `python docs/make_audit.py` after one of them has changed; a test holds the page against it.
The pictures are made by `make_audit_pictures.py`.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from interlink.pipeline.audit.report.meanings import MEANINGS
from interlink.pipeline.audit.report.rates import RATES
from interlink.pipeline.audit.report.wording import interval
from interlink.pipeline.audit.rubric import Term, make_rubric
from interlink.pipeline.audit.statistics.intervals import wilson

PAGE = Path(__file__).with_name("audit.md")

_MARKER = re.compile(r"(<!-- from code: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write all parts anew."""
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def fill(page: str) -> str:
    """Return a page with each part between its markers replaced by what the code says.

    Raises:
        KeyError: a marker names no part.
    """
    parts = _parts()
    return _MARKER.sub(lambda match: f"{match[1]}\n{parts[match[2]]()}\n\n{match[3]}", page)


def names(page: str) -> list[str]:
    """Return the names of the parts that a page has markers for."""
    return [match[2] for match in _MARKER.finditer(page)]


def _parts() -> dict[str, Callable[[], str]]:
    rubric = make_rubric()
    return {
        "introduction": lambda: "\n\n".join(rubric.introduction),
        "claim": lambda: _table("a claim is", rubric.claim_verdicts),
        "clip": lambda: _table("a clip is", rubric.clip_verdicts),
        "errors": lambda: _table("what is wrong", rubric.error_types),
        "severities": lambda: _table("how bad", rubric.severities),
        "rates": _rates,
        "meanings": lambda: "\n".join(f"- **{one.title}.** {one.meaning}" for one in MEANINGS),
        "sizes": _sizes,
    }


def _table(head: str, terms: Sequence[Term]) -> str:
    rows = [f"| {term.title} | {term.meaning} |" for term in terms]
    return "\n".join([f"| {head} | when |", "|---|---|", *rows])


def _rates() -> str:
    rows = [f"| `{name}` | {title} | {what} |" for name, (title, what) in RATES.items()]
    return "\n".join(["| name | rate | what it is |", "|---|---|---|", *rows])


def _sizes() -> str:
    """Return how wide intervals of so many independent clips are."""
    shares = (0.02, 0.1, 0.3)
    lines = [f"| clips | {' | '.join(f'{100 * share:.0f} % wrong' for share in shares)} |"]
    lines.append("|---|" + "---|" * len(shares))
    for num in (50, 100, 200, 400, 1000):
        found = [interval(wilson(round(share * num), num)) for share in shares]
        lines.append(f"| {num:,} | {' | '.join(found)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
