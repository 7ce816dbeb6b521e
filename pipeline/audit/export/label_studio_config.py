"""The labelling configuration for Label Studio: what it shows, and the questions by name.

Nothing of a dataset is in it, so that no text can break it: texts stand in the tasks. Claims are
repeated by Label Studio's own `Repeater`, because one has two of them and the next has nine.
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from ....schemas.audit import PREFERENCES, SIDES, Side
from ..rubric import Rubric, Term

CLIP_VERDICT, PREFERRED, NOTE = "clip_verdict", "preferred", "note"
VERDICT, ERROR_TYPES, SEVERITY = "verdict", "error_types", "severity"
_INDEX = "{{idx}}"


def claim_question(name: str, side: Side, claim: int | str) -> str:
    """Return the name of a question about a claim, such as `verdict_a_0`."""
    return f"{name}_{side}_{claim}"


def label_config(rubric: Rubric, *, has_two: bool, has_media: bool) -> str:
    """Return the configuration as XML.

    Args:
        rubric: the rules of judging.
        has_two: whether there are items with two captions.
        has_media: whether there are clips to play; without, the contact sheets stand alone.
    """
    view = ET.Element("View")
    if has_media:
        ET.SubElement(view, "Video", name="video", value="$video")
    ET.SubElement(view, "Image", name="sheet", value="$sheet")
    _panel(view, "How to judge", rubric.introduction)
    heard = ET.SubElement(ET.SubElement(view, "Collapse"), "Panel", value="Speech, text on screen")
    ET.SubElement(heard, "Text", name="heard", value="$heard")
    for side in SIDES if has_two else SIDES[:1]:
        _caption(view, side, rubric)
    ET.SubElement(view, "Header", value="The clip as a whole", size="4")
    _choices(view, CLIP_VERDICT, "a", rubric.clip_verdicts, required="true")
    if has_two:
        ET.SubElement(view, "Header", value="The better caption, where there are two", size="5")
        terms = [Term(name=name, title=name, meaning="") for name in PREFERENCES]
        _choices(view, PREFERRED, "a", terms)
    note = {"name": NOTE, "toName": _caption_name("a"), "placeholder": "Note", "rows": "2"}
    ET.SubElement(view, "TextArea", note, maxSubmissions="1", editable="true")
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _caption(view: ET.Element, side: Side, rubric: Rubric) -> None:
    """Show a caption and ask for its claims one by one."""
    ET.SubElement(view, "Header", value=f"Caption {side}", size="4")
    ET.SubElement(view, "Text", name=_caption_name(side), value=f"$caption_{side}")
    claims = ET.SubElement(view, "Repeater", on=f"$claims_{side}", indexFlag=_INDEX)
    ET.SubElement(claims, "Header", value=f"$claims_{side}[{_INDEX}].text", size="5")
    verdict = claim_question(VERDICT, side, _INDEX)
    _choices(claims, verdict, side, rubric.claim_verdicts)
    wrong = {"visibleWhen": "choice-selected", "whenTagName": verdict, "whenChoiceValue": "wrong"}
    types = claim_question(ERROR_TYPES, side, _INDEX)
    _choices(claims, types, side, rubric.error_types, choice="multiple", **wrong)
    severity = claim_question(SEVERITY, side, _INDEX)
    _choices(claims, severity, side, rubric.severities, **wrong)


def _caption_name(side: Side) -> str:
    return f"caption_{side}"


def _choices(
    parent: ET.Element, name: str, side: Side, terms: Iterable[Term], **attributes: str
) -> None:
    # `single`, not `single-radio`: a choice can be taken back by a second click.
    given = {"name": name, "toName": _caption_name(side), "showInline": "true", "choice": "single"}
    choices = ET.SubElement(parent, "Choices", given | attributes)
    for term in terms:
        ET.SubElement(choices, "Choice", {"value": term.name} | _hint(term))


def _hint(term: Term) -> dict[str, str]:
    return {"hint": term.meaning} if term.meaning else {}


def _panel(view: ET.Element, title: str, paragraphs: Iterable[str]) -> None:
    panel = ET.SubElement(ET.SubElement(view, "Collapse"), "Panel", value=title)
    for paragraph in paragraphs:
        ET.SubElement(panel, "Header", value=paragraph, size="5")
