"""Where intervals stand on their axis."""

from interlink.pipeline.audit.report.forest import UNIT_AXIS, make_axis
from interlink.pipeline.audit.statistics.intervals import clopper_pearson


def test_the_axis_is_the_shortest_round_one_that_holds_all_intervals():
    assert make_axis([clopper_pearson(0, 300)]).end == 0.05
    assert make_axis([clopper_pearson(0, 300), clopper_pearson(10, 100)]).end == 0.2
    assert make_axis([clopper_pearson(90, 100)]) is UNIT_AXIS


def test_what_nobody_judged_does_not_stretch_the_axis():
    assert make_axis([clopper_pearson(0, 0), clopper_pearson(1, 100)]).end == 0.1
    assert make_axis([clopper_pearson(0, 0)]) is UNIT_AXIS


def test_ticks_stand_where_they_say_both_ends_among_them():
    ticks = make_axis([clopper_pearson(10, 100)]).ticks
    assert [(tick.at, tick.label) for tick in ticks] == [
        ("0.00%", "0 %"),
        ("25.00%", "5 %"),
        ("50.00%", "10 %"),
        ("75.00%", "15 %"),
        ("100.00%", "20 %"),
    ]
    assert UNIT_AXIS.at(1.5) == "100.00%"
    assert UNIT_AXIS.at(-0.1) == "0.00%"
