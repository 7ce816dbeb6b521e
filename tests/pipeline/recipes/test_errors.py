"""Each mistake in a recipe gets a clear sentence: the value, what is allowed, what to do."""

import pytest

from interlink.pipeline.recipes.recipe import make_recipe
from interlink.schemas.errors import UsageError

FACTS = {"backend": "facts"}
MODEL = {"backend": "transformers", "model": "owner/model"}
RULE = {"score": "motion", "minimum": 1}

MISTAKES = [
    # unknown keys, at every depth
    (
        {"sources_": 1},
        "unknown key 'sources_', did you mean 'sources'? Allowed here: assemble, beam,",
    ),
    ({"zzz": 1}, "unknown key 'zzz'. Allowed here: assemble,"),
    (
        {"clips": {"min_duration": 1}},
        "unknown key 'clips.min_duration', did you mean 'min_duration_s'? Allowed here: "
        "max_duration_s, min_duration_s, min_silence_s",
    ),
    ({"caption": {"captionr": {}}}, "'caption.captionr', did you mean 'captioner'?"),
    (
        {"caption": {"captioner": FACTS | {"model": "x"}}},
        "unknown key 'caption.captioner.model'. Allowed here: backend, read_screen_text",
    ),
    (
        {"caption": {"captioner": MODEL | {"frame_per_clip": 3}}},
        "unknown key 'caption.captioner.frame_per_clip', did you mean 'frames_per_clip'?",
    ),
    ({"transcribe": {"recognizer": {"model_": "x"}}}, "recognizer.model_', did you mean 'model'?"),
    ({"filters": {"rules": [RULE, RULE | {"min": 1}]}}, "'filters.rules[1].min', did you mean"),
    ({"steps": {"fech": {}}}, "unknown key 'steps.fech', did you mean 'fetch'?"),
    ({"steps": {"fetch": {"worker": 2}}}, "unknown key 'steps.fetch.worker', did you mean"),
    ({"assemble": {"max_clip": 3}}, "max_clips'? Allowed here: eval_share, frames_per_clip, keep"),
    ({1: 2}, "[1]=1 must be text"),
    # wrong types
    ({"sources": 3}, "sources=3 must be a path or a URL, or a list of them"),
    ({"sources": []}, "sources=[] must be a path or a URL, or a list of them"),
    ({"sources": ["a", 1]}, "sources=['a', 1] must be a path or a URL, or a list of them"),
    ({"sources": " "}, "sources=' ' must be a path or a URL"),
    ({"run": 2024}, "run=2024 must be text; put it into quotes"),
    ({"limit": "all"}, "limit='all' must be a whole number"),
    ({"fetch": {"max_bytes": 1.5}}, "fetch.max_bytes=1.5 must be a whole number"),
    ({"scan": {"frames_per_s": "fast"}}, "scan.frames_per_s='fast' must be a number"),
    ({"clips": {"max_duration_s": float("inf")}}, "clips.max_duration_s=inf must be a finite"),
    ({"scan": 3}, "scan=3 must be a section with keys of its own"),
    ({"steps": {"fetch": "beam"}}, "steps.fetch='beam' must be a section"),
    ({"caption": {"captioner": "facts"}}, "caption.captioner='facts' must be a section"),
    ({"fetch": {"allowed_licenses": "CC0-1.0"}}, "allowed_licenses='CC0-1.0' must be a list"),
    ({"beam": {"options": "--x"}}, "beam.options='--x' must be a list, such as [a, b]"),
    # values out of range
    ({"limit": 0}, "limit=0 must be >= 1"),
    ({"max_failed_share": 2}, "max_failed_share=2 must be <= 1"),
    ({"steps": {"caption": {"cpus": 0}}}, "steps.caption.cpus=0 must be > 0"),
    ({"steps": {"fetch": {"engine": "spark"}}}, "must be one of 'local', 'beam' or 'ray'"),
    ({"cut": {"mode": "fast"}}, "cut.mode='fast' must be one of 'copy', 'exact' or 'none'"),
    (
        {"clips": {"min_duration_s": 15}},
        "clips: max_duration_s=20.0 must be at least twice min_duration_s=15.0",
    ),
    ({"transcribe": {"recognizer": {"beam_size": 0}}}, "recognizer: beam_size=0 must be >= 1"),
    (
        {"filters": {"rules": [{"score": "x"}]}},
        "filters.rules[0]: score='x' must be one of: motion",
    ),
    # a backend, or what it needs, is not named
    ({"caption": {"captioner": {"model": "x"}}}, "needs a backend, one of facts, transformers"),
    ({"caption": {"captioner": {"backend": "x"}}}, "backend='x' must be one of facts, transfor"),
    ({"caption": {"captioner": {"backend": "transformers"}}}, "captioner.model is missing; give"),
    ({"assemble": {"lineage": [{"step": "x", "digest": "y"}]}}, "lineage is written by the run"),
]


@pytest.mark.parametrize(("content", "sentence"), MISTAKES, ids=[s[:60] for _, s in MISTAKES])
def test_a_mistake_gets_a_sentence(content, sentence):
    with pytest.raises(UsageError, match=r"^the recipe: [^\n]*$") as caught:
        make_recipe({"sources": "videos.txt"} | content)
    assert sentence in str(caught.value)


def numbers(section, path=()):
    """Yield the path of each number in a dumped recipe."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from numbers(value, (*path, key))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*path, key)


DUMPED = make_recipe({"sources": "videos.txt"}).model_dump()


@pytest.mark.parametrize("value", [-1, float("nan")])
@pytest.mark.parametrize("path", list(numbers(DUMPED)), ids=".".join)
def test_no_number_may_be_below_zero_or_none_at_all(path, value):
    content = value
    for key in reversed(path):
        content = {key: content}
    with pytest.raises(UsageError, match=path[-1]):
        make_recipe({"sources": "videos.txt"} | content)


def test_missing_sources_are_asked_for():
    with pytest.raises(UsageError, match=r"^the recipe: sources is missing; give it a value$"):
        make_recipe({})


def test_all_mistakes_are_told_at_once():
    with pytest.raises(UsageError, match=r"limit=0 must be >= 1; cut\.mode='x' must be one of"):
        make_recipe({"sources": "videos.txt", "limit": 0, "cut": {"mode": "x"}})


def test_a_long_value_is_cut_short():
    with pytest.raises(UsageError, match=r"sources=\[.*\.\.\.\] must be") as caught:
        make_recipe({"sources": list(range(1000))})
    assert len(str(caught.value)) < 120
