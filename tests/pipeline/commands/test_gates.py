import pytest

from interlink.pipeline.commands.gates import check_gates, read_gates
from interlink.schemas.errors import BudgetExceededError, UsageError


def test_gates_that_hold_are_told():
    gates = read_gates(["wrong > 10%", "num_clips < 30"], ["wrong", "num_clips"])
    assert check_gates(gates, {"wrong": 0.08, "num_clips": 40}) == [
        "gate wrong > 0.1: held, at 0.08",
        "gate num_clips < 30: held, at 40",
    ]


def test_one_that_is_crossed_ends_with_5_and_all_are_told():
    gates = read_gates(["wrong > 10%", "agreement < 0.667"], ["wrong", "agreement"])
    with pytest.raises(BudgetExceededError, match=r"a gate is crossed") as caught:
        check_gates(gates, {"wrong": 0.08, "agreement": None})
    assert caught.value.exit_code == 5
    assert "wrong > 0.1: held, at 0.08" in str(caught.value)
    assert "agreement < 0.667: crossed, because agreement is not known" in str(caught.value)


def test_a_name_that_is_not_there_is_refused_and_no_gate_is_fine():
    with pytest.raises(UsageError, match=r"did you mean 'wrong'"):
        read_gates(["wrongs > 1"], ["wrong"])
    assert check_gates(read_gates(None, []), {}) == []
