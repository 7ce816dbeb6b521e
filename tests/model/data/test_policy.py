"""Which texts of a clip a sample uses."""

from collections import Counter

import pytest
import yaml

from interlink.model.data.policy import TextPolicy, TextWeight
from interlink.model.data.rows import RowClip, RowText
from interlink.schemas.errors import UsageError
from interlink.schemas.text import TextKind, TextStatus


def clip(*texts: tuple, flags: tuple = (), clip_id: str = "c") -> RowClip:
    rows = tuple(
        RowText(kind=TextKind(kind), text=text, model=rest[0] if rest else None)
        for kind, text, *rest in texts
    )
    return RowClip(clip_id=clip_id, start_us=0, end_us=1, frames=(), texts=rows, flags=flags)


def chosen(policy: TextPolicy, clip: RowClip, seed: int = 0, epoch: int = 0) -> list[str]:
    return [piece.text for piece in policy.choose(clip, key=(seed, epoch, "d"))]


def test_the_first_kind_that_a_clip_has_is_used():
    policy = TextPolicy(kinds=("given", "caption"))
    assert chosen(policy, clip(("caption", "c"), ("given", "g"))) == ["g"]
    assert chosen(policy, clip(("caption", "c"), ("narrative", "n"))) == ["c"]
    assert chosen(policy, clip(("narrative", "n"))) == []


def test_what_is_said_comes_before_what_is_seen():
    both = clip(("given", "g"), ("speech", "s"), ("subtitle", "t"))
    assert chosen(TextPolicy(), both) == ["s", "g"]
    assert chosen(TextPolicy(speech="off"), both) == ["g"]
    assert chosen(TextPolicy(), clip(("subtitle", "t"))) == ["t"]


def test_speech_is_context_without_loss_unless_switched_on():
    assert TextPolicy().loss_weight(TextKind.SPEECH) == 0
    assert TextPolicy().loss_weight(TextKind.GIVEN) == 1
    on = TextPolicy(speech="on", loss_weights={"speech": 0.5})
    assert on.loss_weight(TextKind.SPEECH) == 0.5
    off = TextPolicy(loss_weights={"speech": 0.5})
    assert off.loss_weight(TextKind.SPEECH) == 0


def test_equals_are_drawn_in_proportion_to_their_weights():
    policy = TextPolicy(
        kinds=(("given", "caption"),),
        weights=(TextWeight(weight=3, model="big"), TextWeight(weight=0, kind="given")),
    )
    texts = (("given", "g"), ("caption", "big", "big"), ("caption", "small", "small"))
    drawn = Counter(chosen(policy, clip(*texts), epoch=epoch)[0] for epoch in range(2000))
    assert set(drawn) == {"big", "small"}
    assert drawn["big"] / 2000 == pytest.approx(0.75, abs=0.03)


def test_a_flag_of_the_clip_can_take_its_texts_out():
    policy = TextPolicy(weights=(TextWeight(weight=0, flag="repeated_caption"),))
    assert chosen(policy, clip(("given", "g"))) == ["g"]
    assert chosen(policy, clip(("given", "g"), flags=("repeated_caption",))) == []


def test_a_draw_depends_on_seed_epoch_document_and_clip_alone():
    policy = TextPolicy(drop_out={"caption": 0.5})
    one, other = clip(("caption", "x")), clip(("caption", "x"), clip_id="other")
    runs = [[chosen(policy, one, seed, epoch) for epoch in range(40)] for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
    assert runs[0] != [chosen(policy, other, 0, epoch) for epoch in range(40)]
    assert {len(texts) for texts in runs[0]} == {0, 1}
    assert [policy.choose(one, key=(0, 0, d)) for d in map(str, range(40))].count(()) > 5


def test_drop_out_leaves_out_the_share_that_it_says():
    policy = TextPolicy(drop_out={"speech": 0.25, "given": 1.0})
    counts = Counter(
        tuple(chosen(policy, clip(("given", "g"), ("speech", "s")), epoch=e)) for e in range(2000)
    )
    assert set(counts) == {("s",), ()}
    assert counts[()] / 2000 == pytest.approx(0.25, abs=0.03)


def test_all_that_may_be_chosen_is_listed():
    policy = TextPolicy(kinds=(("given", "caption"),), drop_out={"speech": 0.5, "given": 0.5})
    whole = clip(("given", "g"), ("caption", "c", "m"), ("speech", "s"))
    listed = {tuple(p.text for p in outcome) for outcome in policy.outcomes(whole)}
    seen = {tuple(chosen(policy, whole, epoch=epoch)) for epoch in range(500)}
    assert listed == seen == {("s", "g"), ("s", "c"), ("s",), ("g",), ("c",), ()}
    assert policy.outcomes(clip()) == [()]


def test_texts_that_cannot_be_used_are_passed_over():
    def with_status(*statuses: TextStatus) -> RowClip:
        texts = tuple(RowText(kind=TextKind.CAPTION, text=f"{s.value}", status=s) for s in statuses)
        return RowClip(clip_id="c", start_us=0, end_us=1, frames=(), texts=texts, flags=())

    policy = TextPolicy()
    assert chosen(policy, with_status(TextStatus.DEGENERATE, TextStatus.BLOCKED)) == []
    assert chosen(policy, with_status(TextStatus.TRUNCATED, TextStatus.OK)) == ["ok"]
    (cut,) = policy.choose(with_status(TextStatus.TRUNCATED), key=())
    assert cut.is_cut
    assert chosen(policy, clip(("given", "  "), ("caption", "c"))) == ["c"]


def test_the_digest_tells_policies_apart_and_does_not_depend_on_how_they_are_written():
    same = [TextPolicy(kinds=("given",)), TextPolicy(kinds=((TextKind.GIVEN,),))]
    others = [
        TextPolicy(),
        TextPolicy(kinds=("given",), speech="on"),
        TextPolicy(kinds=("given",), drop_out={"given": 0.1}),
        TextPolicy(kinds=("given",), loss_weights={"given": 0.1}),
        TextPolicy(kinds=("given",), weights=(TextWeight(weight=2, kind="given"),)),
    ]
    assert same[0].digest == same[1].digest
    assert len({policy.digest for policy in [*same, *others]}) == 6


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kinds": ("captoin",)}, "no kind of text 'captoin'; kinds are given, caption, "),
        ({"kinds": ("speech",)}, "kinds has speech, which `speech` decides on"),
        ({"speech": "loud"}, "speech='loud' must be on, off or context"),
        ({"drop_out": {"given": 1.5}}, "drop_out of given is 1.5, it must be .* at most 1"),
        (
            {"loss_weights": {"given": -1}},
            "loss_weights of given is -1, it must be a number of at least 0$",
        ),
    ],
)
def test_mistakes_are_told_in_one_sentence(fields, message):
    with pytest.raises(UsageError, match=message):
        TextPolicy(**fields)


def test_a_weight_must_be_sensible():
    with pytest.raises(UsageError, match="no flag 'blurry'; flags are no_audio"):
        TextWeight(weight=1, flag="blurry")
    with pytest.raises(UsageError, match="weight=-1 must be a number of at least 0"):
        TextWeight(weight=-1)


def test_a_policy_is_read_from_a_recipe():
    content = {
        "kinds": ["given", ["caption", "narrative"]],
        "weights": [{"flag": "repeated_caption", "weight": 0}],
        "speech": "on",
        "loss_weights": {"narrative": 0.5},
        "drop_out": {"speech": 0.1},
    }
    assert TextPolicy.from_mapping(content) == TextPolicy(
        kinds=("given", ("caption", "narrative")),
        weights=(TextWeight(flag="repeated_caption", weight=0),),
        speech="on",
        loss_weights={"narrative": 0.5},
        drop_out={"speech": 0.1},
    )
    assert TextPolicy.from_mapping({}) == TextPolicy()
    assert TextPolicy.from_mapping({"kinds": "given"}) == TextPolicy(kinds=("given",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kind": ["given"]}, r"text\.kind is unknown; its keys are kinds, weights, speech"),
        ({"weights": {"weight": 1}}, r"text\.weights is .* must be a list of rules"),
        ({"weights": [{"wait": 1}]}, r"text\.weights\.wait is unknown"),
        ({"weights": [{"kind": "given"}]}, r"text\.weights\.weight is missing"),
        ({"kinds": 5}, r"text\.kinds is 5, it must be a list of kinds"),
        ({"drop_out": {"speech": "half"}}, r"drop_out of speech is 'half', it must be a number"),
        ({"drop_out": 0.5}, r"text\.drop_out is 0\.5, it must be a mapping of kinds"),
    ],
)
def test_mistakes_in_a_recipe_are_told_in_one_sentence(content, message):
    with pytest.raises(UsageError, match=message):
        TextPolicy.from_mapping(content)


def test_speech_may_be_switched_as_yaml_reads_it():
    policies = [TextPolicy.from_mapping(yaml.safe_load(f"speech: {s}")) for s in ("on", "off")]
    assert [policy.speech for policy in policies] == ["on", "off"]
