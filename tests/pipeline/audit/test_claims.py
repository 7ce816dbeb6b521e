import random
import time

import pytest

from interlink.pipeline.audit.claims import claim_spans, has_claims, split_claims, states_facts


def texts(text: str, *, is_facts: bool = False) -> list[str]:
    return [claim.text for claim in split_claims(text, is_facts=is_facts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A cat sleeps. A dog barks!", ["A cat sleeps.", "A dog barks!"]),
        ("It is 3.5 m long. Two pieces.", ["It is 3.5 m long.", "Two pieces."]),
        ("Dr. Smith and Mrs. Lee wait.", ["Dr. Smith and Mrs. Lee wait."]),
        ("Tools, e.g. a saw, lie there.", ["Tools, e.g. a saw, lie there."]),
        ("J. Smith sits. He eats.", ["J. Smith sits.", "He eats."]),
        ("Vitamin C. The label is red.", ["Vitamin C.", "The label is red."]),
        ("He moved to the U.S. He slept.", ["He moved to the U.S.", "He slept."]),
        ("At 5 p.m. The end.", ["At 5 p.m.", "The end."]),
        ("No. 5 is red.", ["No. 5 is red."]),
        ("He waits... then runs. He falls.", ["He waits... then runs.", "He falls."]),
        ("the man walks. he sits.", ["the man walks.", "he sits."]),
        ("What?! Really?", ["What?!", "Really?"]),
        ("1. Cut it.\n2. Fry it.", ["1. Cut it.", "2. Fry it."]),
        ("- a cup\n- a plate\n\nBoth are red", ["- a cup", "- a plate", "Both are red"]),
        ("A man walks\nalong a road.", ["A man walks\nalong a road."]),
        ("画面上有一只猫。它在睡觉。", ["画面上有一只猫。", "它在睡觉。"]),
    ],
)
def test_a_claim_is_a_sentence(text: str, expected: list[str]):
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('A sign reads "Stop. Do not enter." A man waits.', 2),
        ("He yells “Go! Run!” and leaves. She stays.", 2),
        ('"Why?" she asks. "No." He left.', 3),
        ('A 5" pipe. It is long.', 2),
    ],
)
def test_what_stands_in_quotes_is_not_divided(text: str, expected: int):
    assert len(texts(text)) == expected


def test_facts_are_divided_at_semicolons_outside_of_quotes():
    text = 'A red circle moves left; on-screen text reads "a; b"; the camera is still.'
    assert texts(text, is_facts=True) == [
        "A red circle moves left",
        'on-screen text reads "a; b"',
        "the camera is still.",
    ]
    assert texts("A red circle; a blue one.") == ["A red circle; a blue one."]
    assert states_facts("facts")
    assert not states_facts("qwen")
    assert not states_facts(None)


def test_no_claim_is_empty_and_marks_alone_belong_to_their_neighbour():
    assert texts("") == texts(" \n\t ") == texts(";; ;", is_facts=True) == []
    assert texts("A cat. !!! A dog.") == ["A cat. !!!", "A dog."]
    assert texts("... A dog barks.") == ["... A dog barks."]
    assert texts("!!!") == ["!!!"]
    assert texts("a;; b;", is_facts=True) == ["a", "b"]


@pytest.mark.parametrize("is_facts", [False, True])
def test_claims_join_back_to_the_text(is_facts: bool):
    draw = random.Random(1)
    pieces = [
        "A cat",
        "3.5",
        ".",
        ". ",
        "; ",
        ";",
        " ",
        '"',
        "“",
        "”",
        "\n",
        "\n\n",
        "- ",
        "e.g. ",
        "猫。",
    ]
    pieces += ["U.S. ", "!", "? ", "…", "\x00", "\u202e", "(", ") ", "1. ", "he sits", "\ud800"]
    for _ in range(2000):
        text = "".join(draw.choices(pieces, k=draw.randint(0, 12)))
        spans = claim_spans(text, is_facts=is_facts)
        ends = [0, *(place for span in spans for place in span), len(text)]
        between = [text[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)]
        assert ends == sorted(ends), text
        assert not set("".join(between)) - set(" \n;" if is_facts else " \n"), text
        claims = split_claims(text, is_facts=is_facts)
        assert [claim.text for claim in claims] == [text[a:b] for a, b in spans]
        assert [claim.number for claim in claims] == list(range(len(spans)))
        assert all(claim.text.strip() for claim in claims)
        assert bool(claims) is has_claims(text, is_facts=is_facts)


@pytest.mark.parametrize("piece", [". ", ".\n", 'A b. "c D." ', "A.     (", "a.", '"'])
def test_a_megabyte_of_text_takes_time_in_proportion(piece: str):
    times = []
    for size in (100_000, 800_000):
        text = "Xx " + piece * (size // len(piece))
        started = time.process_time()
        split_claims(text)
        times.append(time.process_time() - started)
    assert times[1] < 24 * max(times[0], 0.01)
