from interlink.examples import drawing, story
from interlink.model.tiny import words


def test_the_generated_world_has_the_colours_of_the_example_videos():
    assert words.COLORS == drawing.COLORS
    assert words.BACKGROUNDS == drawing.BACKGROUNDS
    assert tuple(words.COLORS) == story.COLORS
    assert story.TITLES == words.TITLES


def test_each_content_word_has_a_spanish_one_of_its_own():
    pairs = {**words.SPANISH, **words.NUMBERS}
    assert set(words.CONTENT_WORDS) <= set(pairs)
    assert len(set(pairs.values())) == len(pairs)
    assert not set(words.CONTENT_WORDS) & set(pairs.values())
