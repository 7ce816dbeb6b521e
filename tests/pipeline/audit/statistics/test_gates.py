import math

import pytest

from interlink.pipeline.audit.statistics.gates import Gate, parse_gate
from interlink.schemas.errors import UsageError

NAMES = {"wrong", "wrong_upper95", "alpha"}


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("wrong > 0.1", Gate(name="wrong", comparison=">", limit=0.1)),
        ("wrong_upper95>0.08", Gate(name="wrong_upper95", comparison=">", limit=0.08)),
        ("  Wrong >= 8 % ", Gate(name="wrong", comparison=">=", limit=0.08)),
        ("alpha<.667", Gate(name="alpha", comparison="<", limit=0.667)),
        ("alpha <= -1e-1", Gate(name="alpha", comparison="<=", limit=-0.1)),
    ],
)
def test_gates_are_read(text, gate):
    assert parse_gate(text, names=NAMES) == gate


@pytest.mark.parametrize(
    "text",
    ["", "wrong", "wrong >", "> 0.1", "wrong = 0.1", "wrong > > 1", "wrong > 0.1 and alpha < 1",
     "wrong > nan", "wrong > 0,1", "wrong > \u0661", "__import__('os') > 1", "wrong > 0.1\x00",
     "wrong > " + "1" * 500],
)  # fmt: skip
def test_what_is_no_gate_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="cannot be read; write a number's name, one of < <= > >="):
        parse_gate(text, names=NAMES)


def test_a_long_text_is_not_repeated_whole():
    with pytest.raises(UsageError, match="cannot be read") as error:
        parse_gate("x" * 1_000_000, names=NAMES)
    assert len(str(error.value)) < 600


def test_an_unknown_name_gets_a_hint_and_the_list():
    with pytest.raises(UsageError, match=r"did you mean 'wrong_upper95'\? it has alpha, wrong, wr"):
        parse_gate("wrong_uper95 > 0.1", names=NAMES)
    with pytest.raises(UsageError, match="which the report does not have; it has no numbers"):
        parse_gate("wrong > 0.1", names=())
    with pytest.raises(UsageError, match=r"which the comparison does not have; it has wrong"):
        parse_gate("bad > 0.1", names=["wrong"], of="the comparison")


def test_an_endless_limit_is_refused():
    with pytest.raises(UsageError, match="has the limit 1e999, which is not finite"):
        parse_gate("wrong > 1e999", names=NAMES)


@pytest.mark.parametrize(
    ("text", "value", "is_crossed"),
    [
        ("wrong > 0.1", 0.1, False),
        ("wrong >= 0.1", 0.1, True),
        ("wrong > 0.1", 0.11, True),
        ("alpha < 0.667", 0.667, False),
        ("alpha <= 0.667", 0.667, True),
        ("alpha < 0.667", 0.5, True),
        ("wrong > 0.1", 0.0, False),
    ],
)
def test_a_gate_is_crossed_on_the_far_side_of_its_limit(text, value, is_crossed):
    gate = parse_gate(text, names=NAMES)
    assert gate.is_crossed(value) == is_crossed
    assert ("crossed" in gate.explain(value)) == is_crossed


@pytest.mark.parametrize("value", [None, math.nan])
def test_an_unknown_number_crosses_every_gate(value):
    gate = parse_gate("wrong > 0.1", names=NAMES)
    assert gate.is_crossed(value)
    assert gate.explain(value) == "wrong > 0.1: crossed, because wrong is not known"
