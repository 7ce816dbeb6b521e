"""What goes with an export in words: the rules of judging, and what to do with the files."""

from collections.abc import Iterable
from pathlib import Path

from ....schemas.audit import PREFERENCES
from ..rubric import Rubric, Term
from ..site.reader import ReviewSite

GUIDE_NAME = "README.md"


def write_sheet_guide(folder: Path, site: ReviewSite, name: str, *more: str) -> None:
    """Write how a rating sheet is filled in.

    Args:
        folder: where to.
        site: what the sheet is made of.
        name: its file.
        more: what is to be said of its form alone, in Markdown.
    """
    rubric = site.audit.rubric
    parts = [
        f"# How to fill in `{name}`",
        "Each item is a clip with a caption, or with two to compare. `media` is the clip and "
        "`sheet` a picture of its frames; both are paths in the folder `site` of the audit.",
        "Write your name or a pseudonym into `rater`: once is enough where a file is filled in by "
        "one person. Leave everything empty of what you do not judge.",
        *more,
        rules(rubric),
        f"`preferred`: the better caption, one of {_names(PREFERENCES)}; only where there are two.",
        "`note`: free text. `seconds`, `rated_at`: how long it took, and when, such as "
        "2026-11-24T13:00:00+00:00; both may stay empty.",
        "Then `interlink audit import AUDIT FILE` takes it.",
    ]
    write_text(folder / GUIDE_NAME, parts)


def rules(rubric: Rubric) -> str:
    """Return the rules of judging as Markdown."""
    return "\n\n".join(
        [
            *rubric.introduction,
            _listed("`verdict` of a claim", rubric.claim_verdicts),
            _listed("`error_types` of a wrong claim, any of", rubric.error_types),
            _listed("`severity` of a wrong claim", rubric.severities),
            _listed("`clip_verdict`", rubric.clip_verdicts),
        ]
    )


def write_text(path: Path, parts: Iterable[str]) -> None:
    """Write paragraphs."""
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8", newline="\n")


def _listed(name: str, terms: Iterable[Term]) -> str:
    return "\n".join([f"{name}:\n", *(f"- `{term.name}`: {term.meaning}" for term in terms)])


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
