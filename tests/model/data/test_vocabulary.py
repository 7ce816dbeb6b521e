"""What rendering takes from a tokenizer."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from interlink.model.data.vocabulary import Vocabulary
from interlink.schemas.errors import UsageError


def test_texts_are_encoded_as_one_and_told_apart_by_token(helpers):
    tokenizer = helpers.make_tokenizer()
    vocabulary = Vocabulary.of(tokenizer)
    texts = ["Sentence 1.", "A square", "red"]
    found = vocabulary.encode(texts)
    assert [token for token, _ in found] == tokenizer.encode("Sentence 1. A square red")
    parts = [[token for token, index in found if index == part] for part in range(3)]
    assert [tokenizer.decode(part).strip() for part in parts] == texts


def test_texts_of_several_bytes_per_letter_are_told_apart(vocabulary):
    found = vocabulary.encode(["été é", "日本", "\U0001f600"])
    parts = [[token for token, index in found if index == part] for part in range(3)]
    decoded = [vocabulary.backend.decode(part).strip() for part in parts]
    assert decoded == ["été é", "日本", "\U0001f600"]


def test_a_caption_that_spells_a_special_token_shows_no_media(vocabulary):
    ids = [token for token, _ in vocabulary.encode(["a <visual> and </s> and <|endofchunk|>"])]
    assert not {vocabulary.visual_id, vocabulary.end_id, vocabulary.endofchunk_id} & set(ids)
    assert vocabulary.backend.decode(ids) == "a <visual> and </s> and <|endofchunk|>"


def test_a_tokenizer_stays_as_it_was(helpers):
    tokenizer = helpers.make_tokenizer()
    Vocabulary.of(tokenizer)
    assert tokenizer.encode("<visual>") == [3]


def test_the_digest_tells_tokenizers_apart(helpers):
    one, other = helpers.make_tokenizer(), helpers.make_tokenizer(start=None)
    assert Vocabulary.of(one).digest == Vocabulary.of(helpers.make_tokenizer()).digest
    assert Vocabulary.of(one).digest != Vocabulary.of(other).digest


def test_a_tokenizer_without_the_special_tokens_is_refused():
    backend = Tokenizer(models.WordLevel({"a": 0, "</s>": 1}, unk_token="a"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")
    with pytest.raises(UsageError, match="lacks <visual>"):
        Vocabulary.of(tokenizer)
