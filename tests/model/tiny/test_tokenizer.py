import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from interlink.model.tiny.recipe import LanguageRecipe
from interlink.model.tiny.tokenizer import content_token_ids, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return train_tokenizer(LanguageRecipe(), seed=0)


def test_each_content_word_is_one_token_of_its_own(tokenizer):
    ids = content_token_ids(tokenizer)
    assert all(len(tokens) == 1 for tokens in ids.values())
    assert len({tokens[0] for tokens in ids.values()}) == len(ids)


@pytest.mark.parametrize(
    "text", ['A red circle; on-screen text reads "STEP 2".', "日本 é\n\tx", ""]
)
def test_any_text_comes_back_from_its_tokens(tokenizer, text: str):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    assert not set(ids) & {0, 1, 2}  # nothing is added


def test_the_marks_are_the_first_tokens(tokenizer):
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (0, 1, 2)


def test_a_saved_tokenizer_gives_the_same_tokens(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    text = 'First, lift the purple flag from the bottom to the top. "STEP 3"'
    assert again.encode(text) == tokenizer.encode(text)
    assert (again.bos_token, again.eos_token, again.pad_token) == ("<s>", "</s>", "<pad>")


def test_the_same_seed_gives_the_same_merges(tokenizer):
    again = train_tokenizer(LanguageRecipe(), seed=0)
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()
