"""What JSON can hold of measured values."""

import math
from collections.abc import Mapping
from typing import Any


def finite(value: Any) -> Any:  # noqa: ANN401  (what JSON holds)
    """Return a value, in any depth, with None for every number that is not finite.

    Args:
        value: numbers and texts, in mappings and lists; tuples become lists, keys text.
    """
    if isinstance(value, Mapping):
        return {str(key): finite(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [finite(below) for below in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
