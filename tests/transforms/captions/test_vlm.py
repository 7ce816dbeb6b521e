import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from interlink.schemas.errors import EnvironmentFault, UsageError  # noqa: E402
from interlink.transforms.captions.vlm import VisionLanguageModel  # noqa: E402

PROMPT = "Describe this clip."


@pytest.fixture(scope="module")
def model(tiny_llava):
    return VisionLanguageModel(tiny_llava, dtype="float32", device="cpu")


def noise(seed, count=2):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 255, (90, 160, 3)).astype(np.uint8) for _ in range(count)]


@pytest.fixture
def broken(tiny_llava, tmp_path):
    """A copy of the checkpoint to take apart."""
    return shutil.copytree(tiny_llava, tmp_path / "broken")


def test_answer_is_what_a_plain_greedy_loop_gives(model, tiny_llava):
    """The reference: the library's own classes, one token at a time, no cache, no generate."""
    from PIL import Image

    processor = transformers.AutoProcessor.from_pretrained(tiny_llava)
    reference = transformers.LlavaForConditionalGeneration.from_pretrained(tiny_llava)
    pictures = noise(0)
    text = f"<|im_start|>user\n<image>\n<image>\n{PROMPT}<|im_end|>\n<|im_start|>assistant\n"
    images = [Image.fromarray(picture) for picture in pictures]
    inputs = processor(text=[text], images=[images], return_tensors="pt")
    ids, logprobs = inputs["input_ids"], []
    with torch.inference_mode():
        for _ in range(8):
            logits = reference(
                input_ids=ids,
                pixel_values=inputs["pixel_values"],
                attention_mask=torch.ones_like(ids),
            ).logits[0, -1]
            logprobs.append(float(logits.log_softmax(-1).max()))
            ids = torch.cat([ids, logits.argmax().reshape(1, 1)], dim=1)
    new_ids = ids[0, inputs["input_ids"].shape[1] :]

    (answer,) = model.ask([pictures], PROMPT, max_new_tokens=8)

    assert processor.tokenizer.eos_token_id not in new_ids
    assert answer.text == processor.tokenizer.decode(new_ids).strip()
    assert answer.is_cut_off
    assert answer.avg_logprob == pytest.approx(np.mean(logprobs), abs=1e-4)


def test_pictures_decide_the_answer(model):
    answers = model.ask([noise(0), noise(1)], PROMPT, max_new_tokens=8)

    assert answers[0].text != answers[1].text


def test_answer_that_ends_by_itself_is_not_cut_off(model, broken):
    """A checkpoint to which every token is an end token stops at once."""
    settings = json.loads((broken / "generation_config.json").read_text())
    settings["eos_token_id"] = list(range(len(model._processor.tokenizer)))
    (broken / "generation_config.json").write_text(json.dumps(settings))

    model = VisionLanguageModel(broken, dtype="auto", device="cpu")
    (answer,) = model.ask([noise(0)], PROMPT, max_new_tokens=8)

    assert (answer.text, answer.is_cut_off) == ("", False)


def test_sampling_settings_of_the_checkpoint_are_not_used(model, broken):
    settings = json.loads((broken / "generation_config.json").read_text())
    settings |= {"do_sample": True, "temperature": 1.5, "top_p": 0.9, "top_k": 5}
    (broken / "generation_config.json").write_text(json.dumps(settings))
    sampling = VisionLanguageModel(broken, dtype="float32", device="cpu")

    expected = model.ask([noise(0)], PROMPT, max_new_tokens=8)
    assert sampling.ask([noise(0)], PROMPT, max_new_tokens=8) == expected


class Crowded:
    """Stands for a device with room for so many clips; the rest of the model is real."""

    def __init__(self, generate, room):
        self.generate, self.room, self.sizes = generate, room, []

    def __call__(self, **inputs):
        size = len(inputs["input_ids"])
        self.sizes.append(size)
        if size > self.room:
            raise torch.OutOfMemoryError("no room")
        return self.generate(**inputs)


def test_batch_that_does_not_fit_is_halved(model, monkeypatch):
    clips = [noise(seed) for seed in range(4)]
    expected = model.ask(clips, PROMPT, max_new_tokens=6)
    crowded = Crowded(model._model.generate, room=1)
    monkeypatch.setattr(model._model, "generate", crowded)

    answers = model.ask(clips, PROMPT, max_new_tokens=6)

    assert [answer.text for answer in answers] == [answer.text for answer in expected]
    assert crowded.sizes == [4, 2, 1, 1, 2, 1, 1]


def test_single_clip_that_does_not_fit_says_what_to_lower(model, monkeypatch):
    monkeypatch.setattr(model._model, "generate", Crowded(None, room=0))

    with pytest.raises(EnvironmentFault, match="one clip of 2 frames: lower frames_per_clip"):
        model.ask([noise(0)], PROMPT, max_new_tokens=6)


def test_model_without_a_chat_template_is_refused(broken):
    (broken / "chat_template.jinja").unlink()

    with pytest.raises(UsageError, match="no chat template"):
        VisionLanguageModel(broken, dtype="auto", device="cpu")


@pytest.mark.parametrize("spoil", ["cut", "foreign", "empty"])
def test_folder_that_holds_no_such_model_is_refused(broken, spoil):
    if spoil == "cut":
        weights = broken / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])
    elif spoil == "foreign":
        (broken / "config.json").write_text('{"model_type": "no-such-model"}')
    else:
        shutil.rmtree(broken)
        broken.mkdir()

    with pytest.raises(UsageError, match="cannot be loaded as an image-text-to-text model"):
        VisionLanguageModel(broken, dtype="auto", device="cpu")


def test_pickled_weights_are_never_read(broken):
    (broken / "model.safetensors").unlink()
    torch.save({}, broken / "pytorch_model.bin")

    with pytest.raises(UsageError, match="cannot be loaded"):
        VisionLanguageModel(broken, dtype="auto", device="cpu")
