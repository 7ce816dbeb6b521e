import pickle
import shutil
import sys

import pytest

from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.ids import digest
from interlink.schemas.text import TextKind, TextStatus
from interlink.transforms.captions.caption import CaptionClips
from interlink.transforms.captions.quality import repetition_share
from interlink.transforms.captions.transformers_vlm import DEFAULT_PROMPT, TransformersCaptioner


@pytest.fixture(scope="module")
def captioner(tiny_llava):
    captioner = TransformersCaptioner(
        model=str(tiny_llava), max_new_tokens=24, frames_per_clip=3, device="cpu"
    )
    captioner.setup()
    return captioner


@pytest.fixture(scope="module")
def clips(captioner, studio):
    """Clips of three, three, one and two frames, so that their prompts have unequal lengths."""
    counts = (3, 3, 1, 2)
    pictures = [studio.pictures(studio.scene(seed)) for seed in range(len(counts))]
    return [
        studio.clip(pictures[seed][:count], f"clip-{seed}") for seed, count in enumerate(counts)
    ]


def test_batch_gives_what_one_by_one_gives_to_every_clip(captioner, clips):
    together = {texts.clip_id: texts for texts in captioner.caption(clips)}
    alone = {clip.clip_id: captioner.caption([clip])[0] for clip in clips}

    assert {k: t.captions[0].text for k, t in together.items()} == {
        k: t.captions[0].text for k, t in alone.items()
    }
    assert len({texts.captions[0].text for texts in together.values()}) == len(clips)


def test_order_of_the_batch_does_not_matter(captioner, clips):
    forward = {t.clip_id: t.captions[0].text for t in captioner.caption(clips)}
    backward = {t.clip_id: t.captions[0].text for t in captioner.caption(clips[::-1])}

    assert forward == backward


def test_two_runs_agree(captioner, clips):
    assert captioner.caption(clips) == captioner.caption(clips)


def test_caption_tells_model_prompt_frames_and_numbers(captioner, clips, tiny_llava):
    caption = captioner.caption(clips[:1])[0].captions[0]

    assert caption.kind is TextKind.CAPTION
    assert (caption.start_us, caption.end_us) == (clips[0].start_us, clips[0].end_us)
    assert caption.model == tiny_llava.name
    assert len(caption.revision) == 12
    assert caption.prompt_digest == digest(DEFAULT_PROMPT)
    assert caption.frames_digest == clips[0].frames_digest
    assert caption.scores.repetition_share == repetition_share(caption.text)
    assert caption.scores.avg_logprob < 0


def test_answer_that_the_limit_ends_is_not_ok(tiny_llava, clips):
    captioner = TransformersCaptioner(model=str(tiny_llava), max_new_tokens=4, device="cpu")
    captioner.setup()
    statuses = {texts.captions[0].status for texts in captioner.caption(clips)}

    assert statuses <= {TextStatus.TRUNCATED, TextStatus.DEGENERATE}
    assert TextStatus.TRUNCATED in statuses


def test_captioner_sees_so_many_frames_as_asked_for():
    captioner = TransformersCaptioner(model="m")

    assert captioner.choose(range(15)) == [0, 2, 4, 6, 8, 10, 12, 14]


def test_digest_names_the_weights_and_not_where_they_lie(tiny_llava, tmp_path):
    copy = tmp_path / tiny_llava.name
    shutil.copytree(tiny_llava, copy)
    transforms = [
        CaptionClips(captioner=TransformersCaptioner(model=str(folder), device=device))
        for folder, device in ((tiny_llava, "cpu"), (copy, "auto"))
    ]
    other_prompt = TransformersCaptioner(model=str(copy), prompt="What is it?")

    assert transforms[0].digest() == transforms[1].digest()
    assert CaptionClips(captioner=other_prompt).digest() != transforms[0].digest()


def test_it_pickles_before_setup(tiny_llava):
    captioner = TransformersCaptioner(model=str(tiny_llava))

    assert pickle.loads(pickle.dumps(captioner)) == captioner


def test_captioning_before_setup_is_a_mistake(clips):
    with pytest.raises(RuntimeError, match="call setup first"):
        TransformersCaptioner(model="m").caption(clips)


@pytest.mark.parametrize("name", ["frames_per_clip", "max_new_tokens"])
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"{name}=0 must be at least 1"):
        TransformersCaptioner(model="m", **{name: 0})


def test_missing_torch_is_named_with_what_installs_it(monkeypatch, tiny_llava):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "interlink.transforms.captions.vlm", raising=False)

    with pytest.raises(EnvironmentFault, match=r"pip install 'interlink\[caption\]'"):
        TransformersCaptioner(model=str(tiny_llava)).setup()


def test_model_that_is_nowhere_is_named():
    with pytest.raises(EnvironmentFault, match="nobody/nothing"):
        TransformersCaptioner(model="nobody/nothing").setup()
