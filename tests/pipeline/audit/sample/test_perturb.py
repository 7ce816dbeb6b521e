import random
import re

import pytest

from interlink.pipeline.audit.claims import split_claims, states_facts
from interlink.pipeline.audit.sample.perturb import Perturbed, Unchanged, is_english, perturb
from interlink.pipeline.audit.sample.swap_words import ADDED_CLAIMS, ADDED_FACTS, SWAPS
from interlink.schemas.audit import AuditText, ErrorType
from interlink.schemas.text import TextKind

LONG = (
    "A man in an orange jacket opens the door. He walks into the kitchen and picks up two cups on "
    "the left side of the table. The camera zooms in before he leaves."
)
FACTS = "A red circle moves from left to right over a gray background; the camera is still."


def text_of(text: str, model: str = "m", language: str | None = None) -> AuditText:
    claims = split_claims(text, is_facts=states_facts(model))
    return AuditText(
        side="a",
        kind=TextKind.CAPTION,
        text=text,
        model=model,
        revision=None,
        claims=claims,
        language=language,
    )


def many(text: AuditText, num: int = 200) -> list[Perturbed]:
    done = [perturb([text], seed=5, key=str(n)) for n in range(num)]
    assert all(isinstance(one, Perturbed) for one in done)
    return [one for one in done if isinstance(one, Perturbed)]


@pytest.mark.parametrize(
    "text",
    [
        text_of(LONG),
        text_of(FACTS, "facts"),
        text_of("A gray background.", "facts"),
        text_of("man opens door"),
        text_of("The view from the window"),
        text_of('A sign reads "Two red dogs" in the rain!'),
        text_of("It is dark", language="en-US"),
    ],
)
def test_exactly_one_claim_differs_and_the_change_says_which(text: AuditText):
    for done in many(text):
        new, change = done.texts[0], done.change
        assert new.text != text.text
        assert new.claims == split_claims(new.text, is_facts=states_facts(text.model))
        old_claims = [claim.text.rstrip(".;") for claim in text.claims]
        new_claims = [claim.text.rstrip(".;") for claim in new.claims]
        if change.before:
            assert len(new_claims) == len(old_claims)
            pairs = zip(old_claims, new_claims, strict=True)
            assert [n for n, (a, b) in enumerate(pairs) if a != b] == [change.claim]
            assert change.before in old_claims[change.claim]
        else:
            assert new_claims[:-1] == old_claims
            assert change.claim == len(old_claims)
            assert change.after == new.claims[-1].text
        assert change.after.rstrip(".") in new_claims[change.claim]


def test_errors_of_all_classes_are_planted():
    types = {done.change.error_type for done in many(text_of(LONG))}
    assert types == {
        *(ErrorType.ATTRIBUTE, ErrorType.ACTION, ErrorType.COUNT, ErrorType.RELATION),
        *(ErrorType.OBJECT, ErrorType.CAMERA, ErrorType.TEMPORAL_ORDER),
    }


def test_the_same_key_plants_the_same_error_and_other_keys_plant_others():
    texts = [text_of(LONG)]
    assert perturb(texts, seed=1, key="a") == perturb(texts, seed=1, key="a")
    assert len({str(perturb(texts, seed=1, key=str(n))) for n in range(40)}) > 10


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("The car is in an orange box.", "an orange", {"a blue", "a green", "a purple"}),
        ("The DOG is here.", "DOG", {"CAT", "HORSE", "COW", "ELEPHANT", "RABBIT"}),
        ("Two of them are here.", "Two", {"Four", "Five"}),
        ("There are 3 people on it.", "3", {"5", "6"}),
        ("It moves from left to right.", "from left to right", {"from right to left"}),
        ("It is in the top left.", "left", {"right"}),
    ],
)
def test_words_keep_their_article_and_capitals(text: str, before: str, after: set[str]):
    found = {(d.change.before, d.change.after) for d in many(text_of(text)) if d.change.before}
    assert {new for old, new in found if old == before} <= after
    assert before in {old for old, _ in found}


@pytest.mark.parametrize(
    "text",
    [
        "He picks the right one of the words.",
        "The people left before noon.",
        "It is close to the train at 12:30 by No. 5.",
        'The sign is "Red dog".',
        "The man and his wife are there.",
    ],
)
def test_words_of_another_meaning_or_in_quotes_are_not_swapped(text: str):
    assert all(not done.change.before for done in many(text_of(text), 60))


def test_a_word_is_not_swapped_for_one_that_the_item_has_already():
    flag = text_of("A red, blue, green and yellow flag hangs on the pole.")
    swapped = {done.change.after for done in many(flag) if done.change.before}
    assert not swapped & {"red", "blue", "green", "yellow"}
    two = [text_of("A dog is there."), text_of("A cat, a horse and a cow are there.")]
    done = [perturb(two, seed=0, key=str(n)) for n in range(60)]
    changes = {one.change.after for one in done if isinstance(one, Perturbed)}
    assert not changes & {"cat", "horse", "cow", "dog"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ein Mann öffnet die Tür und geht hinein.", None),
        ("De man is in de kamer met een hond", None),
        ("Un homme ouvre la porte avec la main", None),
        ("El perro corre por la casa", None),
        ("画面上有一只猫。", None),
        ("The dog is here.", "de"),
        ("12 34", None),
        ("🙂", None),
    ],
)
def test_what_is_not_english_is_left_alone_and_said_to_be(text: str, language: str | None):
    assert not is_english(text, language)
    done = perturb([text_of(text, language=language)], seed=0, key="k")
    assert done == Unchanged(reason="not English")


def test_the_other_side_is_changed_where_one_cannot_be():
    german, english = text_of("Der Hund und die Katze."), text_of("The dog is here.")
    for n in range(10):
        done = perturb([german, english], seed=0, key=str(n))
        assert isinstance(done, Perturbed)
        assert done.texts[0] == german
        assert done.texts[1].text != english.text


def test_a_text_that_is_too_long_is_left_alone():
    done = perturb([text_of("The dog is here. " * 2000)], seed=0, key="k")
    assert done == Unchanged(reason="longer than 8192 characters")


def test_any_text_of_words_gives_a_change_or_a_reason():
    draw = random.Random(2)
    words = [
        "the",
        "red",
        "dog",
        "left",
        "an",
        "orange",
        ".",
        "!",
        '"',
        ";",
        "3",
        "two",
        "\n",
        "is",
    ]
    for n in range(400):
        text = text_of(" ".join(draw.choices(words, k=draw.randint(1, 12))))
        if text.claims:
            done = perturb([text], seed=n, key="k")
            assert isinstance(done, Unchanged) or done.texts[0].text != text.text


def test_the_tables_are_sound():
    for swap in SWAPS:
        for word, options in swap.options.items():
            assert options, word
            assert word not in options
            assert word == word.lower()
    assert len(set(ADDED_CLAIMS)) == len(ADDED_CLAIMS)
    for claim in (*ADDED_CLAIMS, *ADDED_FACTS):
        assert not re.search(r"[.;!?]", claim)
