"""From an audit's item and its document to what the page shows of it.

What a rater must not know stays behind: role, stratum, pool, planted change. The models behind the
steps are left out of the provenance, and the judged clip's own texts out of the document's context,
because both would tell who wrote a caption, or what it said before it was perturbed. An item that
comes again differs from the first one by its id and, where an error was planted, by the words of
that error, in its caption and in the facts beside it.

Three things can be told by design. That a clip comes again: its files and its context are those of
the first time, and a rater would recognise the pictures anyway; which of the two is the planted one
is not said. What was planted, from the dataset: who has it can draw the plan again. And where an
item lies in the order. Blinding is for raters who judge, not against those who look for it.
"""

from collections.abc import Iterator, Sequence

from ....schemas.arrow import arrow_schema
from ....schemas.audit import AuditItem, AuditText, Change
from ....schemas.clip import ClipScores, Flag
from ....schemas.document import Document, DocumentClip
from ....schemas.text import Caption, TextKind, TextStatus
from ..rubric import Term
from .data import (
    Context,
    Fact,
    Neighbour,
    Score,
    Sheet,
    SiteClaim,
    SiteItem,
    SiteMedia,
    SiteSource,
    SiteText,
    SiteWord,
    TimedText,
)
from .facts import shown_facts

_SPOKEN = (TextKind.SPEECH, TextKind.SUBTITLE)
_FLAGS = {
    Flag.NO_AUDIO: "The video has no sound.",
    Flag.NO_SPEECH: "Nobody speaks in it.",
    Flag.LOW_CONFIDENCE_SPEECH: "The recogniser was unsure of a sentence in it.",
    Flag.REPEATED_CAPTION: "Its caption is almost that of the clip before.",
    Flag.SPLIT_SENTENCE: "A sentence was divided between this clip and a neighbour.",
    Flag.MEDIA_LEAD_IN: "The clip file starts before the clip, at the keyframe before.",
    Flag.CORRUPT_FRAMES: "The decoder marked frames of the video as damaged.",
    Flag.BATCH_SPLIT: "The model saw it in other company than planned.",
}
_SCORES = {
    "motion": "Mean absolute change of luma per second, 0 to 255.",
    "sharpness": "Median variance of the Laplacian over its frames.",
    "brightness": "Mean luma over its frames, 0 to 255.",
    "contrast": "Mean standard deviation of luma over its frames.",
    "text_area_share": "Share of the picture that on-screen text covers.",
    "speech_share": "Share of its time that words cover.",
    "words_per_s": "Spoken words per second.",
    "word_probability": "Mean probability of its words.",
}


def describe_item(
    item: AuditItem, document: Document, *, media: SiteMedia | None, sheet: Sheet | None
) -> SiteItem:
    """Return what the page shows of an item.

    Args:
        item: the item.
        document: the document that its clip is in.
        media: the clip's own file, if the page has it.
        sheet: its contact sheet, if it has frames.

    Raises:
        ValueError: the clip is not in the document.
    """
    clip = find_clip(item, document)
    return SiteItem(
        item_id=item.item_id,
        clip_id=item.clip_id,
        document_id=item.document_id,
        video_id=item.video_id,
        group=item.group,
        start_us=clip.start_us,
        end_us=clip.end_us,
        media=media,
        sheet=sheet,
        texts=tuple(_text(text, clip, item.change) for text in item.texts),
        words=tuple(
            SiteWord(
                text=word.text,
                start_us=word.start_us,
                end_us=word.end_us,
                probability=word.probability,
            )
            for word in clip.words
        ),
        speech=_timed(clip, _SPOKEN),
        screen_text=_timed(clip, (TextKind.SCREEN_TEXT,)),
        context=_context(document, clip),
        scores=tuple(_scores(clip.scores)),
        flags=tuple(_flag(flag) for flag in clip.flags),
        source=_source(document),
        provenance=tuple(_provenance(document)),
    )


def find_clip(item: AuditItem, document: Document) -> DocumentClip:
    """Return the clip of an item.

    Raises:
        ValueError: the clip is not in the document.
    """
    for clip in document.clips:
        if clip.clip_id == item.clip_id:
            return clip
    raise ValueError(f"clip {item.clip_id} is not in document {document.document_id}")


def _text(text: AuditText, clip: DocumentClip, change: Change | None) -> SiteText:
    stored = _stored(text, clip.texts)
    named = " ".join(filter(None, (text.model, text.revision and f"({text.revision})")))
    return SiteText(
        side=text.side,
        kind=text.kind,
        text=text.text,
        status=(stored.status if stored else TextStatus.OK).value,
        writer=named or None,
        claims=tuple(SiteClaim(number=claim.number, text=claim.text) for claim in text.claims),
        facts=shown_facts(
            stored.evidence if stored else (),
            text,
            change if change and change.side == text.side else None,
        ),
    )


def _stored(text: AuditText, captions: Sequence[Caption]) -> Caption | None:
    """Return the caption that a text was taken from, which may have been perturbed since."""
    wanted = text.kind, text.model, text.revision
    for caption in captions:
        if (caption.kind, caption.model, caption.revision) == wanted:
            return caption
    return None


def _timed(clip: DocumentClip, kinds: tuple[TextKind, ...]) -> tuple[TimedText, ...]:
    return tuple(
        TimedText(kind=text.kind, text=line, start_us=text.start_us, end_us=text.end_us)
        for text in clip.texts
        if text.kind in kinds
        for line in text.text.splitlines()
        if line.strip()
    )


def _context(document: Document, judged: DocumentClip) -> Context:
    clips = []
    for clip in document.clips:
        is_this = clip.clip_id == judged.clip_id
        texts = () if is_this else _timed(clip, (TextKind.CAPTION, *_SPOKEN))
        clips.append(
            Neighbour(start_us=clip.start_us, end_us=clip.end_us, is_this=is_this, texts=texts)
        )
    gaps = tuple(
        TimedText(
            kind=TextKind.SPEECH,
            text=" ".join(word.text for word in gap.words),
            start_us=gap.start_us,
            end_us=gap.end_us,
        )
        for gap in document.gaps
    )
    return Context(
        start_us=document.start_us, end_us=document.end_us, clips=tuple(clips), gaps=gaps
    )


def _scores(scores: ClipScores) -> Iterator[Score]:
    for column in arrow_schema(ClipScores):
        value = getattr(scores, column.name)
        unit = (column.metadata or {}).get(b"unit", b"").decode() or None
        if value is not None:
            yield Score(
                name=column.name, value=value, unit=unit, meaning=_SCORES.get(column.name, "")
            )


def _flag(flag: Flag) -> Term:
    return Term(name=flag.value, title=flag.value.replace("_", " "), meaning=_FLAGS[flag])


def _source(document: Document) -> SiteSource:
    source = document.source
    return SiteSource(
        title=source.title,
        creator=source.creator,
        creator_uri=source.creator_uri,
        uri=source.uri,
        site=source.site,
        published=source.published,
        language=source.language,
        license=source.license,
        license_raw=source.license_raw,
        license_source=source.license_source,
    )


def _provenance(document: Document) -> Iterator[Fact]:
    yield Fact(name="split", value=document.split)
    yield Fact(name="content", value=document.content_sha256)
    for step in document.lineage:
        yield Fact(name=f"step {step.step}", value=step.digest)
