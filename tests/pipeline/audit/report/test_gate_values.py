import pytest

from interlink.pipeline.audit.report.gate_values import GATE_NAMES, gate_values
from interlink.pipeline.audit.report.make import make_report


@pytest.fixture
def plan(small_audit):
    return small_audit.again(small_audit.plan([(f"v{n}", 1) for n in range(8)]), 0, planted=0)


def test_every_name_has_its_number(small_audit, plan):
    said = {f"i{n}": "w" if n < 2 else "r" for n in range(8)}
    report = make_report(plan, small_audit.judge("ann", said | {"i0-perturbed": "w"}))
    values = gate_values(report)
    assert sorted(values) == sorted(GATE_NAMES)
    wrong = report.rates[0]
    assert (values["wrong"], values["num_clips"], values["num_raters"]) == (0.25, 8, 1)
    assert values["wrong_lower95"] == wrong.estimate.lower
    assert values["wrong_upper95"] == wrong.estimate.upper
    assert values["wrong_exact_upper95"] == wrong.exact.upper
    assert (values["sensitivity"], values["agreement"]) == (1.0, None)


def test_what_nobody_judged_is_not_known(plan):
    values = gate_values(make_report(plan, []))
    assert {name for name, value in values.items() if value is not None} == {
        "num_clips",
        "num_raters",
    }
