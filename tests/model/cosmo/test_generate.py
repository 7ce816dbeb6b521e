"""Generation against a full recompute of every token, and against prompts taken one at a time."""

from dataclasses import replace

import pytest
import torch

from interlink.model.cosmo.batch import NO_LOSS, PackedBatch
from interlink.model.cosmo.generate import Prompt, generate

ROWS = [[1, 50, 7, 8], [1, 9, 50, 12, 50], [1, 50, 5, 6, 11, 13, 51, 50]]
FRAMES = [[2], [1, 3], [2, 2]]


def prompt_of(tiny, rows=ROWS, frames=FRAMES):
    return Prompt.make(rows, tiny.media(frames, seed=8), pad=0)


def alone(prompt: Prompt, row: int):
    """One prompt of a batch, without its padding."""
    media = prompt.media
    part = {n: getattr(media, n)[row : row + 1] for n in type(media).__slots__}
    return Prompt(
        input_ids_BL=prompt.input_ids_BL[row : row + 1, prompt.attention_BL[row]],
        attention_BL=prompt.attention_BL[row : row + 1, prompt.attention_BL[row]],
        media=replace(media, **part),
    )


@torch.no_grad()
def next_logits(model, prompt: Prompt, written: list[int]):
    """Logits of the next token of a single prompt, by the training forward over everything."""
    ids = torch.cat([prompt.input_ids_BL, torch.tensor([written], dtype=torch.int64)], 1)
    batch = PackedBatch(
        input_ids_BL=ids,
        labels_BL=torch.full_like(ids, NO_LOSS),
        label_kinds_BL=torch.full(ids.shape, -1, dtype=torch.int8),
        document_BL=torch.zeros(ids.shape, dtype=torch.int32),
        position_ids_BL=torch.arange(ids.shape[1])[None],
        media_index_BL=(ids == 50).cumsum(1).int(),
        media=prompt.media,
        sequence_ids=("one",),
    )
    logits = model(batch)[0, -1].clone()
    logits[50] = -torch.inf
    return logits


def recompute(model, prompt: Prompt, tokens: int, stops: set[int]):
    written: list[int] = []
    while len(written) < tokens:
        token = int(next_logits(model, prompt, written).argmax())
        if token in stops:
            break
        written.append(token)
    return written


def listening(tiny, **changes):
    """A model on which media weigh much, and a list that fills with the logits of each step.

    Words of a random model are often the same whatever it sees: logits never are.
    """
    model = tiny.model(gates=0.7, **changes)
    for _, block in model.gated_blocks():
        block.residual_scale.fill_(5.0)
    heard, logits = [], model.language.logits

    def hear(hidden):
        made = logits(hidden)
        heard.append(made[:, -1].clone())
        return made

    model.language.logits = hear
    return model, heard


@torch.no_grad()
def test_each_prompt_reads_its_own_media(tiny):
    model, heard = listening(tiny)
    prompt, new = prompt_of(tiny), tiny.media(FRAMES, seed=30)
    generate(model, prompt, max_new_tokens=1)
    expected = heard[0]
    for row in range(3):
        heard.clear()
        frames = prompt.media.frames_BMFCHW.clone()
        frames[row] = new.frames_BMFCHW[row]
        media = replace(prompt.media, frames_BMFCHW=frames)
        generate(model, replace(prompt, media=media), max_new_tokens=1)
        moved = (heard[0] - expected).abs().amax(1) > 1e-2
        assert moved.tolist() == [other == row for other in range(3)]


@pytest.mark.parametrize("form", ["dense", "gather"])
def test_greedy_with_caches_and_left_padding_equals_a_full_recompute(tiny, form):
    model, heard = listening(tiny, xattn_form=form)
    prompt = prompt_of(tiny)
    assert prompt.input_ids_BL[0].tolist() == [0, 0, 0, 0, 1, 50, 7, 8]
    found = generate(model, prompt, max_new_tokens=12)
    steps = heard.copy()
    for row, written in enumerate(found):
        assert written == recompute(model, alone(prompt, row), 12, {51, 2})
        for step in range(len(written)):
            whole = next_logits(model, alone(prompt, row), written[:step])
            cached = steps[step][row].index_fill(0, torch.tensor([50]), -torch.inf)
            torch.testing.assert_close(cached, whole, rtol=0, atol=1e-4)


def test_the_end_of_chunk_ends_a_row_and_others_go_on(tiny):
    model = tiny.model(gates=0.7)
    prompt = prompt_of(tiny)
    free = generate(model, prompt, max_new_tokens=6, stops={2})
    stop = free[0][2]
    found = generate(model, prompt, max_new_tokens=6, stops={stop})
    assert found[0] == free[0][: free[0].index(stop)]
    assert found[1] == (free[1] if stop not in free[1] else free[1][: free[1].index(stop)])
    model.language.rows.output_XW.data[1] = 1e3 * model.language.rows.output_XW.data[1]
    hidden_sign = generate(model, prompt, max_new_tokens=1, stops={2})
    assert all(row in ([51], free_row[:1]) for row, free_row in zip(hidden_sign, free, strict=True))


def test_end_of_chunk_is_a_stop_by_default(tiny):
    model = tiny.model(gates=0.7)
    prompt = alone(prompt_of(tiny), 0)
    model.language.rows.output_XW.data[1] = (
        model.language.model.get_output_embeddings().weight[
            generate(model, prompt, max_new_tokens=1)[0][0]
        ]
        * 2
    )
    assert generate(model, prompt, max_new_tokens=5) == [[]]
    assert generate(model, prompt, max_new_tokens=5, stops={2})[0][0] == 51


def test_visual_is_never_written(tiny):
    model = tiny.model(gates=0.7)
    prompt = prompt_of(tiny)
    first = generate(model, alone(prompt, 0), max_new_tokens=1)[0][0]
    rows = model.language.rows.output_XW.data
    rows[0] = 5 * model.language.model.get_output_embeddings().weight[first]
    assert all(50 not in row for row in generate(model, prompt, max_new_tokens=8))


@pytest.mark.parametrize("beams", [2, 3])
def test_beams_of_a_batch_equal_each_prompt_alone(tiny, beams):
    model, heard = listening(tiny)
    prompt = prompt_of(tiny)
    together = generate(model, prompt, max_new_tokens=7, beams=beams)
    steps = heard.copy()
    for row, written in enumerate(together):
        heard.clear()
        assert [written] == generate(model, alone(prompt, row), max_new_tokens=7, beams=beams)
        own = slice(row * beams, (row + 1) * beams)
        assert len(heard) > 1
        for one, all_rows in zip(heard, steps, strict=False):
            torch.testing.assert_close(all_rows[own], one, rtol=0, atol=1e-4)


@torch.no_grad()
def recompute_beams(model, prompt: Prompt, tokens: int, beams: int, end: int):
    """Beam search written again without caches; returns the most probable text."""
    alive, ended = [(0.0, [])], []
    for _ in range(tokens):
        found = []
        for score, written in alive:
            logprobs = next_logits(model, prompt, written).log_softmax(-1)
            found += [(score + float(x), [*written, t]) for t, x in enumerate(logprobs)]
        found.sort(reverse=True)
        ended += [(score, text[:-1]) for score, text in found[:beams] if text[-1] == end]
        alive = [(score, text) for score, text in found if text[-1] != end][:beams]
        if len(ended) >= beams:
            return max(ended)[1]
    return max(ended + alive)[1]


@pytest.mark.parametrize("beams", [2, 4])
def test_beams_with_caches_equal_a_full_recompute(tiny, beams):
    model, _ = listening(tiny)
    prompt = prompt_of(tiny)
    found = generate(model, prompt, max_new_tokens=6, beams=beams, stops={51}, length_penalty=0)
    expected = [recompute_beams(model, alone(prompt, row), 6, beams, 51) for row in range(3)]
    assert found == expected


def test_beams_find_what_trying_everything_finds(tiny):
    """More beams than words: two tokens of search are exhaustive."""
    model = tiny.model(gates=0.7)
    prompt = alone(prompt_of(tiny), 1)
    first = next_logits(model, prompt, []).log_softmax(-1)
    found = [(float(first[51]), [])]
    for token in set(range(52)) - {50, 51}:
        second = next_logits(model, prompt, [token]).log_softmax(-1)
        found += [
            (float(first[token] + second[end]), [token] if end == 51 else [token, end])
            for end in range(52)
        ]
    best = max(found)[1]
    # Ended or not, a text's score is its probability where length does not count.
    assert generate(model, prompt, max_new_tokens=2, beams=60, stops={51}, length_penalty=0) == [
        best
    ]


def test_a_prompt_with_too_few_media_is_refused(tiny):
    with pytest.raises(ValueError, match=r"per prompt \[1, 2, 2\] must be .* media \[1, 1, 2\]"):
        generate(tiny.model(), prompt_of(tiny, frames=[[2], [1], [2, 2]]))
