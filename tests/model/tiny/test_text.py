import re

import numpy as np

from interlink.examples.story import tell_story
from interlink.model.tiny.text import QUESTION, sample_dictionary, sample_text
from interlink.model.tiny.words import CONTENT_WORDS


def vocabulary(texts: list[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[A-Za-z-]+|\d", text)}


def texts(num: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [sample_text(rng) for _ in range(num)]


def test_the_same_seed_gives_the_same_texts():
    assert texts(50) == texts(50)


def test_all_words_of_the_example_narrations_occur():
    spoken = [s for seed in range(60) for scene in tell_story(seed).scenes for s in scene.sentences]
    assert vocabulary(spoken) - vocabulary(texts(3000)) == set()


def test_a_dictionary_makes_each_content_word_certain():
    rng = np.random.default_rng(0)
    lines = " ".join(sample_dictionary(rng) for _ in range(600))
    for word in CONTENT_WORDS:
        assert re.search(rf"In English \w+ is {word}\.", lines), word


def test_a_fifth_or_more_of_the_texts_are_dictionaries():
    share = np.mean([text.startswith(("In English", "In Spanish")) for text in texts(2000)])
    assert 0.2 < share < 0.3


def test_captions_of_a_document_count_their_steps_up():
    counted = [re.findall(r'"STEP (\d)"', text) for text in texts(2000)]
    assert any(len(steps) > 2 for steps in counted)
    assert all(steps == sorted(set(steps)) for steps in counted)


def test_the_question_of_order_is_part_of_the_text():
    assert any(text == QUESTION.format(color="pink") for text in texts(2000))
