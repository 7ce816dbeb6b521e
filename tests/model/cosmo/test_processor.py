import pytest
from transformers import AutoTokenizer

from interlink.model.cosmo.processor import FAITHFUL_TOKENS, OUR_TOKENS, CosmoProcessor
from interlink.model.cosmo.vision import load_vision_tower
from interlink.schemas.errors import UsageError


@pytest.fixture
def processor(bases):
    language, vision = bases
    return CosmoProcessor.build(language, load_vision_tower(vision), faithful=False)


def test_our_tokens_follow_the_vocabulary(processor):
    special = processor.special
    assert (special.base_vocabulary, special.added, special.vocabulary) == (50, 2, 52)
    assert (special.visual, special.end_of_chunk) == (50, 51)
    assert (special.bos, special.eos, special.pad) == (1, 2, 0)
    assert processor.tokenizer.convert_ids_to_tokens([50, 51]) == list(OUR_TOKENS)
    assert processor.size_px == 16


def test_faithful_adds_six_in_the_order_of_the_reference(bases):
    language, vision = bases
    made = CosmoProcessor.build(language, load_vision_tower(vision), faithful=True)
    assert made.special.added == 6
    assert (made.special.visual, made.special.end_of_chunk) == (51, 50)
    assert made.tokenizer.convert_ids_to_tokens(list(range(50, 56))) == list(FAITHFUL_TOKENS)


def test_text_is_plain_text_even_where_it_spells_a_token(processor):
    assert processor.encode("w5 w49") == [5, 49]
    assert 50 not in processor.encode("w5 <visual> w6")
    assert processor.encode("") == []


def test_decoding_leaves_special_tokens_out(processor):
    assert processor.decode([1, 50, 5, 7, 51, 2]) == "w5 w7"


def test_a_processor_comes_back_from_its_folder(processor, tmp_path):
    processor.save_pretrained(tmp_path / "p")
    again = CosmoProcessor.from_pretrained(tmp_path / "p")
    assert again.special == processor.special
    assert (again.size_px, again.mean, again.std) == (
        processor.size_px,
        processor.mean,
        processor.std,
    )
    assert again.encode("w5 <visual>") == processor.encode("w5 <visual>")
    assert len(again.tokenizer) == 52


def test_a_folder_without_processor_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no processor\.json: it holds no processor"):
        CosmoProcessor.from_pretrained(tmp_path)


def test_a_tokenizer_without_end_of_text_is_refused(bases):
    language, vision = bases
    tokenizer = AutoTokenizer.from_pretrained(language)
    tokenizer.eos_token = None
    tokenizer.save_pretrained(language)
    with pytest.raises(UsageError, match="has no end-of-text token"):
        CosmoProcessor.build(language, load_vision_tower(vision), faithful=False)
