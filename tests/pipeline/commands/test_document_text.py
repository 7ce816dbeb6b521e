"""A document in the terminal: it fits, and shows what is in it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from interlink.pipeline.commands.document_text import print_document
from interlink.schemas.text import Caption, TextKind


def shown(document, width: int = 80, **options) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    print_document(console, document, **options)
    return console.file.getvalue()


@pytest.fixture
def document(make_documents):
    [document] = make_documents("a", clips=3)
    return document


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_terminal(document, width):
    lines = shown(document, width).splitlines()
    assert {len(line) for line in lines} == {width}


def test_clips_texts_and_gaps_stand_in_the_order_of_time(document):
    text = " ".join(shown(document, 120).split())
    order = ["Video a", "clip 1", "Sentence 0.", "in between", "clip 2", "Sentence 1.", "clip 3"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "0:05.0 to 0:09.0" in text


def test_who_wrote_what_is_said_once(document):
    text = shown(document, 120)
    assert text.count("whisper-base") == 1
    assert "speech by whisper-base" in text
    assert "caption by facts" in text


def test_the_rest_of_many_clips_is_counted(make_documents):
    [document] = make_documents("a", clips=5)
    assert "… and 3 more clips" in shown(document, max_clips=2)
    assert "… and 1 more clip " in shown(document, max_clips=4)


def test_brackets_in_a_text_are_no_markup(document):
    clip = document.clips[0]
    odd = Caption(kind=TextKind.GIVEN, text="[bold]x[/]\n[link]", start_us=0, end_us=1)
    document = replace(document, clips=(replace(clip, texts=(odd,)), *document.clips[1:]))
    text = shown(document)
    assert "[bold]x[/] / [link]" in text
    assert "given by the source" in text


def test_a_document_without_title_license_and_texts_is_shown(document):
    source = replace(document.source, title=None, license=None, language=None)
    clips = tuple(replace(clip, texts=(), frames=()) for clip in document.clips)
    text = shown(replace(document, source=source, clips=clips, gaps=()))
    assert "a.mp4" in text
    assert "license unknown" in text
