"""Rating sheets: what raters are shown of an item, beside empty places for what they say of it.

Filled in, a sheet is a file of ratings (`ratings/rows.py`): the names of what is filled in are
those of `Rating` and `ClaimVerdict`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from ....schemas.arrow import Int32, Unit
from ....schemas.audit import Side
from ..site.data import SiteItem, SiteText, TimedText
from ..site.reader import ReviewSite


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetClaim:
    """A claim to judge."""

    side: Side
    """The caption that it is of."""
    claim: Annotated[int, Int32()]
    """Its number."""
    text: str
    """The claim."""
    verdict: str | None = None
    """To fill in."""
    error_types: tuple[str, ...] | None = None
    """To fill in."""
    severity: Annotated[int | None, Int32()] = None
    """To fill in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """An item to judge."""

    audit_id: str
    """The audit."""
    item_id: str
    """The item."""
    title: str
    """Title of its video, or the last part of its address."""
    uri: str
    """Where the video came from."""
    start_us: Annotated[int, Unit("us")]
    """Start of the clip."""
    end_us: Annotated[int, Unit("us")]
    """Its end, exclusive."""
    media: str | None
    """The clip, as a path in the review site."""
    sheet: str | None
    """Its contact sheet, as a path in the review site."""
    caption_a: str
    """The first caption."""
    caption_b: str | None
    """The second one."""
    speech: str
    """What is said, a line for each text."""
    screen_text: str
    """What is written in the picture, a line for each text."""
    rater: str | None = None
    """To fill in."""
    clip_verdict: str | None = None
    """To fill in."""
    preferred: str | None = None
    """To fill in where there are two captions."""
    claims: tuple[SheetClaim, ...]
    """The claims of all captions."""
    note: str | None = None
    """To fill in."""
    seconds: Annotated[float | None, Unit("s")] = None
    """May be filled in."""
    rated_at: str | None = None
    """May be filled in."""


def sheet_rows(site: ReviewSite) -> Iterator[SheetRow]:
    """Yield a row for each item in the order of judging."""
    titles = {row.item_id: row.title for row in site.audit.rows}
    for item in site.items():
        captions = {text.side: text.text for text in item.texts}
        yield SheetRow(
            audit_id=site.audit.audit_id,
            item_id=item.item_id,
            title=titles[item.item_id],
            uri=item.source.uri,
            start_us=item.start_us,
            end_us=item.end_us,
            media=item.media.src if item.media else None,
            sheet=item.sheet.src if item.sheet else None,
            caption_a=captions["a"],
            caption_b=captions.get("b"),
            speech=spoken(item),
            screen_text=lines(item.screen_text),
            claims=tuple(claim for text in item.texts for claim in _claims(text)),
        )


def spoken(item: SiteItem) -> str:
    """Return what is said in a clip: by its texts, or by its words where it has none."""
    return lines(item.speech) or " ".join(word.text for word in item.words)


def lines(texts: Iterable[TimedText]) -> str:
    """Return texts with a line for each."""
    return "\n".join(text.text for text in texts)


def _claims(text: SiteText) -> Iterator[SheetClaim]:
    for claim in text.claims:
        yield SheetClaim(side=text.side, claim=claim.number, text=claim.text)
