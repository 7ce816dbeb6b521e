"""Audits of made-up items with a real review site, and raters who judge them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from interlink.pipeline.audit.claims import split_claims
from interlink.pipeline.audit.plan import read_plan, write_plan
from interlink.pipeline.audit.site.data import (
    Context,
    Fact,
    Sheet,
    SiteClaim,
    SiteItem,
    SiteMedia,
    SiteSource,
    SiteText,
    TimedText,
)
from interlink.pipeline.audit.site.folder import write_site
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import (
    AuditItem,
    AuditPlan,
    AuditText,
    Change,
    ClaimVerdict,
    ClipVerdict,
    ErrorType,
    Pool,
    Rating,
    Role,
    StratumSize,
    Verdict,
)
from interlink.schemas.ids import digest
from interlink.schemas.text import TextKind

SECOND = 1_000_000
AUDIT_ID = digest("audit")
HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(1)>",
    '=HYPERLINK("http://example.org","click"), the second part; =1+1',
    "+1 -1 @SUM(A1) \x1b[2J \u202e drawkcab",
    "-1 of\tthem,\r\n=cmd|' /C calc'!A0",
    '@a quoted "text" of \'two\' kinds; "=3"',
    "'=1 stays with its mark",
    "A family 👩‍👧, \u2028 and \x00 nothing, ＝1",  # noqa: RUF001
    "$caption_a {{idx}} ]]> &amp; <Choice/>",
    "x" * 1_000_000,
)
"""Captions that try to break what shows them; each is at least one claim."""


class AuditMaker:
    """Writes an audit of captions into a folder, as `interlink audit sample` would."""

    def __init__(self, folder: Path, make_video: Any) -> None:
        self.folder = folder / "audit"
        self._make_video = make_video

    def __call__(self, *captions: Sequence[str], media: bool = False, text: str = "") -> Path:
        """Write it.

        Args:
            captions: one or two for each item; the second item repeats the first, and the third
                has a planted error.
            media: whether clips can be played.
            text: what is said, shown and known of the videos.
        """
        file = self._make_video("clip.mp4", shots=(1.0,), size=(64, 36), fps=10) if media else None
        items, shown = [], []
        for number, texts in enumerate(captions):
            item = make_item(number, texts)
            items.append(item)
            shown.append(self._site_item(item, text, file and file.path))
        plan = AuditPlan(
            audit_id=AUDIT_ID,
            dataset_url="data",
            dataset_version=3,
            content_digest=digest("content"),
            view=None,
            seed=0,
            strata=("language",),
            score=None,
            kinds=(TextKind.CAPTION,),
            sizes=(StratumSize(stratum="secret-stratum", population=9, sampled=2),),
            items=tuple(items),
        )
        write_plan(Store(str(self.folder)), plan)
        site = self.folder / "site"
        write_site(
            site, shown, audit_id=AUDIT_ID, title="How-to <b>", dataset_version=3, view="clean"
        )
        return self.folder

    def _site_item(self, item: AuditItem, text: str, file: Path | None) -> SiteItem:
        site, media = self.folder / "site", None
        (site / "sheets").mkdir(parents=True, exist_ok=True)
        src = f"sheets/{item.clip_id}.jpg"
        Image.new("RGB", (64, 36), (item.order % 256, 90, 30)).save(site / src)
        if file is not None:
            media = SiteMedia(src=f"media/{item.clip_id}.mp4", mime="video/mp4", start_us=0)
            (site / "media").mkdir(exist_ok=True)
            (site / media.src).write_bytes(file.read_bytes())
        size = {"columns": 1, "rows": 1, "frame_width_px": 64, "frame_height_px": 36}
        return make_site_item(item, text, media, Sheet(src=src, times_us=(0,), **size))


def make_item(number: int, captions: Sequence[str]) -> AuditItem:
    role = {1: Role.REPEAT, 2: Role.PERTURBED}.get(number, Role.PLAIN)
    change = Change(
        side="a", claim=0, error_type=ErrorType.COUNT, before="secret-before", after="after"
    )
    return AuditItem(
        item_id=digest("item", number),
        order=number,
        clip_id=digest("clip", number if role is Role.PLAIN else 0),
        document_id=digest("document"),
        video_id=digest("video"),
        group="g",
        stratum="secret-stratum",
        pool=Pool.RISK if number == 3 else Pool.ESTIMATION,
        role=role,
        of_item=None if role is Role.PLAIN else digest("item", 0),
        inclusion_probability=0.123456789 if role is Role.PLAIN else None,
        texts=tuple(
            AuditText(
                side="ab"[n],
                kind=TextKind.CAPTION,
                text=text,
                model="secret-model",
                revision=None,
                claims=split_claims(text),
            )
            for n, text in enumerate(captions)
        ),
        change=change if role is Role.PERTURBED else None,
        reason="secret-reason" if number == 3 else None,
    )


def make_site_item(
    item: AuditItem, text: str, media: SiteMedia | None, sheet: Sheet | None
) -> SiteItem:
    start, end = item.order * SECOND, (item.order + 1) * SECOND
    said = (TimedText(kind=TextKind.SPEECH, text=text or "Hello", start_us=start, end_us=end),)
    return SiteItem(
        item_id=item.item_id,
        clip_id=item.clip_id,
        document_id=item.document_id,
        video_id=item.video_id,
        group="g",
        start_us=start,
        end_us=end,
        media=media,
        sheet=sheet,
        texts=tuple(
            SiteText(
                side=one.side,
                kind=one.kind,
                text=one.text,
                status="ok",
                writer="secret-model",
                claims=tuple(SiteClaim(number=c.number, text=c.text) for c in one.claims),
                facts=(Fact(name="secret-fact", value="secret-value"),),
            )
            for one in item.texts
        ),
        words=(),
        speech=said,
        screen_text=said,
        context=Context(start_us=start, end_us=end, clips=(), gaps=()),
        scores=(),
        flags=(),
        source=SiteSource(
            title=text or None,
            creator=text or None,
            creator_uri=None,
            uri=text or "https://example.org/a.mp4",
            site=None,
            published=None,
            language="en",
            license="CC-BY-4.0",
            license_raw=None,
            license_source=None,
        ),
        provenance=(),
    )


@pytest.fixture
def make_audit(tmp_path: Path, make_video: Any) -> AuditMaker:
    return AuditMaker(tmp_path, make_video)


NOTES = ("", "=1+1", "'=1 so", "+a, \"b\"; 'c'\nand more", "-\t@ 👩‍👧 <b>", "\t=x".strip("\t"))


def judge(plan: AuditPlan, rater: str = "Ann, M.") -> tuple[Rating, ...]:
    """Return what a rater says of all items but the last, with a claim left out here and there."""
    ratings = []
    for item in plan.items[:-1]:
        claims = [
            verdict_of(item.order + claim.number, text.side, claim.number)
            for text in item.texts
            for claim in text.claims
        ]
        ratings.append(
            Rating(
                audit_id=plan.audit_id,
                item_id=item.item_id,
                rater=rater,
                clip_verdict=list(ClipVerdict)[item.order % 3],
                claims=tuple(claim for claim in claims if claim is not None),
                preferred="same" if len(item.texts) > 1 else None,
                note=NOTES[item.order % len(NOTES)],
                seconds=item.order + 0.5,
                rated_at="2026-11-24T13:00:00+00:00",
            )
        )
    return tuple(ratings)


def verdict_of(number: int, side: Any, claim: int) -> ClaimVerdict | None:
    if number % 4 == 3:
        return None
    verdict = list(Verdict)[number % 4]
    is_wrong = verdict is Verdict.WRONG
    return ClaimVerdict(
        side=side,
        claim=claim,
        verdict=verdict,
        error_types=(ErrorType.OBJECT, ErrorType.COUNT) if is_wrong else (),
        severity=2 if is_wrong else None,
    )


@pytest.fixture
def judged(make_audit: AuditMaker) -> tuple[Path, AuditPlan, tuple[Rating, ...]]:
    """An audit of hostile captions, its plan, and the ratings of its items."""
    pairs = [("A dog. It runs.", "A cat.; It sits."), ("One. Two. Three. Four. Five.",)]
    folder = make_audit(*pairs, *((text,) for text in HOSTILE), text=HOSTILE[1])
    plan = read_plan(Store(str(folder)))
    return folder, plan, judge(plan)
