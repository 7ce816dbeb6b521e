"""JSON without numbers that JSON does not know."""

import json
import math

from interlink.model.finite import finite


def test_what_is_not_finite_is_none_in_any_depth():
    value = {"a": math.nan, 2: [1.5, (math.inf, "x")], "b": {"c": -math.inf, "d": 3, "e": True}}
    plain = {"a": None, "2": [1.5, [None, "x"]], "b": {"c": None, "d": 3, "e": True}}
    assert finite(value) == plain
    assert json.loads(json.dumps(finite(value), allow_nan=False)) == plain
