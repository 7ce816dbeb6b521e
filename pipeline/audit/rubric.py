"""The rules of judging, in the words that the review page and the guide for auditors show."""

from dataclasses import dataclass

from ...schemas.audit import SEVERITIES, ClipVerdict, ErrorType, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of a closed list and what it means."""

    name: str
    """As in `Rating`."""
    title: str
    """As the page shows it."""
    meaning: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """The rules of judging, shown by the page."""

    introduction: tuple[str, ...]
    """Paragraphs: what a claim is, and how to judge."""
    claim_verdicts: tuple[Term, ...]
    """The verdicts on a claim."""
    clip_verdicts: tuple[Term, ...]
    """The verdicts on a clip."""
    error_types: tuple[Term, ...]
    """What may be wrong about a claim."""
    severities: tuple[Term, ...]
    """How bad it is; the names are the numbers."""


_INTRODUCTION = (
    "Watch the clip once before you read. Then judge what the caption says, claim by claim, and "
    "last the clip as a whole.",
    "A claim is one sentence of a caption, or one fact where the captioner states facts. It is "
    "right if the clip shows it, wrong if the clip shows otherwise or nothing of the kind, and "
    "open if the clip does not decide it. One wrong detail makes the whole claim wrong.",
    "Judge by what can be seen and heard in the clip, not by what you know of the subject, nor by "
    "how well it is written. Small matters of taste are right.",
)
_CLAIM = {
    Verdict.RIGHT: ("Right", "The clip shows it."),
    Verdict.WRONG: ("Wrong", "The clip shows otherwise, or nothing of the kind."),
    Verdict.CANNOT_TELL: ("Cannot tell", "The clip does not decide it."),
}
_CLIP = {
    ClipVerdict.GOOD: ("Good", "Nothing is wrong, and what matters is said: train on it."),
    ClipVerdict.FLAWED: (
        "Flawed",
        "Usable, but a detail is wrong or something that matters is missing.",
    ),
    ClipVerdict.BAD: ("Bad", "It misleads, says nothing, or should not be trained on."),
}
_ERRORS = {
    ErrorType.OBJECT: ("Object", "A thing that is another one, or is not there."),
    ErrorType.ATTRIBUTE: ("Attribute", "Its color, size, material or state."),
    ErrorType.COUNT: ("Count", "How many there are."),
    ErrorType.ACTION: ("Action", "What happens."),
    ErrorType.RELATION: ("Relation", "Where things are to each other, or which way they go."),
    ErrorType.TEMPORAL_ORDER: ("Order in time", "What comes before what."),
    ErrorType.IDENTITY: ("Identity", "Who or what it is by name."),
    ErrorType.SCREEN_TEXT: ("On-screen text", "What is written in the picture."),
    ErrorType.SPEECH: ("Speech", "What is said or heard."),
    ErrorType.CAMERA: ("Camera", "What the camera does."),
    ErrorType.STYLE: ("Style", "Form: lists, markup, phrases such as “the image shows”."),
    ErrorType.LANGUAGE: ("Language", "Another language, or grammar that hides the meaning."),
    ErrorType.REFUSAL: ("Refusal", "The model speaks of itself or refuses."),
    ErrorType.INJECTED_TEXT: (
        "Injected text",
        "It follows an instruction that was shown or spoken in the clip.",
    ),
    ErrorType.UNSAFE: ("Unsafe", "Nobody should be trained on it."),
}
_SEVERITY = {
    1: ("Detail", "Few would notice."),
    2: ("Misleads", "A reader would picture something else."),
    3: ("Severe", "The claim is about something else."),
}


def make_rubric() -> Rubric:
    """Return the rules; every member of every closed list has its words."""
    return Rubric(
        introduction=_INTRODUCTION,
        claim_verdicts=tuple(_term(name.value, *_CLAIM[name]) for name in Verdict),
        clip_verdicts=tuple(_term(name.value, *_CLIP[name]) for name in ClipVerdict),
        error_types=tuple(_term(name.value, *_ERRORS[name]) for name in ErrorType),
        severities=tuple(_term(str(level), *_SEVERITY[level]) for level in SEVERITIES),
    )


def _term(name: str, title: str, meaning: str) -> Term:
    return Term(name=name, title=title, meaning=meaning)
