"""The default rendering of a document: clips and words in time order, for people and for search.

It says nothing of its own. Each clip is an anchor, what is said in it as a quotation, and what is
seen in it; trained texts are rendered by the trainer's text policy, not from this.
"""

import difflib
import re
from collections.abc import Sequence

from ...schemas.document import DocumentClip, DocumentGap
from ...schemas.text import Caption, TextKind, TextStatus

SEEN_KINDS = (
    TextKind.GIVEN,
    TextKind.CAPTION,
    TextKind.FRAME_CAPTION,
    TextKind.CHANGE_CAPTION,
    TextKind.REGION_CAPTION,
)
"""Kinds that say what is seen; a clip with a usable text of one of them is captioned."""

REPEATED_SIMILARITY = 0.92
"""Above this share of equal words, a caption says nothing that the one before did not say. One
changed word of at most twelve, such as `left` for `right`, is news."""

_UNSPACED = re.compile("[\u0e00-\u0eff\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Thai and Lao; Chinese and Japanese with their punctuation. Korean has spaces."""

_ANCHOR = re.compile(r"<clip \d+>")


def interleave(
    clips: Sequence[DocumentClip], gaps: Sequence[DocumentGap], repeated: Sequence[bool]
) -> str:
    """Render clips and the speech between them as one text, a line for each.

    `<clip 2> “Now fold it.” A hand folds a sheet of paper.` is a clip, `“And again.”` alone is
    speech between two clips. One text of each kind is shown, the first that can be used.

    Args:
        clips: clips in time order.
        gaps: speech between them; each is shown once.
        repeated: for each clip, whether its captions repeat those before and are left out.
    """
    between = {gap.before_clip: _quote(join_words([w.text for w in gap.words])) for gap in gaps}
    lines = []
    for index, clip in enumerate(clips):
        lines.append(between.get(index, ""))
        spoken = [
            _quote(text.text)
            for text in clip.texts
            if text.kind is TextKind.SPEECH and text.status is TextStatus.OK
        ]
        seen = [] if repeated[index] else [_plain(text.text) for text in seen_texts(clip.texts)]
        lines.append(" ".join([f"<clip {index + 1}>", *filter(None, [*spoken, *seen])]))
    lines.append(between.get(len(clips), ""))
    return "\n".join(filter(None, lines))


def join_words(words: Sequence[str]) -> str:
    """Return words as one text; Chinese, Japanese and Thai words stand without spaces."""
    text = ""
    for word in words:
        is_spaced = text and not (_UNSPACED.match(text[-1]) and _UNSPACED.match(word))
        text += f" {word}" if is_spaced else word
    return text


def seen_texts(texts: Sequence[Caption]) -> list[Caption]:
    """Return the first usable text of each kind that says what is seen."""
    first: dict[TextKind, Caption] = {}
    for text in texts:
        if text.kind in SEEN_KINDS and text.status is TextStatus.OK and text.text.strip():
            first.setdefault(text.kind, text)
    return [first[kind] for kind in SEEN_KINDS if kind in first]


def find_repeated(texts: Sequence[Sequence[Caption]]) -> list[bool]:
    """Tell for each clip whether all that is said to be seen was said of the clip before.

    Args:
        texts: the texts of each clip, clips in time order.
    """
    seen = [{text.kind: text.text for text in seen_texts(of_clip)} for of_clip in texts]
    return [
        index > 0
        and bool(own)
        and all(_is_similar(text, seen[index - 1].get(kind, "")) for kind, text in own.items())
        for index, own in enumerate(seen)
    ]


def _is_similar(text: str, before: str) -> bool:
    # By words: by characters, `left` for `right` would pass as the same.
    words = before.casefold().split(), text.casefold().split()
    matcher = difflib.SequenceMatcher(None, *words, autojunk=False)
    # The cheap upper bounds first: the exact ratio takes quadratic time.
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(bound() > REPEATED_SIMILARITY for bound in bounds)


def _quote(text: str) -> str:
    return f"“{_plain(text)}”" if text.strip() else ""


def _plain(text: str) -> str:
    """Put a text on one line, without anchors that are not ours."""
    return " ".join(_ANCHOR.sub("", text).split())
