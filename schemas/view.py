"""Views: named rules over the columns of documents, applied when reading, never when building."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

if TYPE_CHECKING:
    import pyarrow.compute as pc

Scalar = str | int | float | bool
Op = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not_in", "has", "lacks", "is_null", "not_null"
]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPS: tuple[str, ...] = (*_COMPARE, "in", "not_in", "has", "lacks", "is_null", "not_null")
"""All operators. Closed list."""

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One condition on one column. As in SQL, a null fulfils none but `is_null`.

    Raises:
        ValueError: the operator is unknown, or the value does not suit it.
    """

    column: str
    """Path of the column, such as `split`, `source.license`, `scores.motion` or `flags`."""
    op: Op
    """`has` and `lacks` ask whether a list holds the value; `in` and `not_in` take a list."""
    value: Scalar | tuple[Scalar, ...] | None = None
    """What to compare with; null for `is_null` and `not_null`."""

    def __post_init__(self) -> None:
        if self.op not in OPS:
            raise ValueError(f"op={self.op!r} of column {self.column!r} must be one of {OPS}")
        if isinstance(self.value, list):  # as JSON and YAML bring it
            object.__setattr__(self, "value", tuple(self.value))
        if self.op in ("in", "not_in"):
            is_suitable, needed = isinstance(self.value, tuple), "a list of values"
        elif self.op in ("is_null", "not_null"):
            is_suitable, needed = self.value is None, "no value"
        else:
            is_suitable, needed = isinstance(self.value, str | int | float), "one value"
        if not is_suitable:
            raise ValueError(
                f"rule on {self.column!r}: op {self.op!r} takes {needed}, not {self.value!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Documents that fulfil all rules."""

    name: str
    """How people call it."""
    rules: tuple[Rule, ...]
    """Conditions that must all hold; none at all keep every document."""

    def expression(self, schema: pa.Schema) -> "pc.Expression":
        """Return the view as an Arrow expression, for scanning and filtering.

        Args:
            schema: the schema of the documents, `arrow_schema(Document)`.

        Raises:
            ValueError: a column does not exist, lies inside a list, or cannot be compared with
                the rule's value.
        """
        import pyarrow.compute as pc

        whole: pc.Expression = pc.scalar(True)
        for rule in self.rules:
            whole = whole & _expression(rule, _column_type(rule.column, schema))
        return whole

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON holds of the view."""
        rules = [{"column": r.column, "op": r.op, "value": r.value} for r in self.rules]
        return {"name": self.name, "rules": rules}

    @classmethod
    def from_plain(cls, row: Mapping[str, Any]) -> "View":
        """Build a view from what `to_plain` made of it."""
        return cls(name=row["name"], rules=tuple(Rule(**rule) for rule in row["rules"]))


TRAIN = View(name="train", rules=(Rule(column="split", op="==", value="train"),))
EVAL = View(name="eval", rules=(Rule(column="split", op="==", value="eval"),))
DEFAULT_VIEWS = (TRAIN, EVAL)
"""The views that every dataset has."""


def _column_type(column: str, schema: pa.Schema) -> pa.DataType:
    fields: dict[str, pa.DataType] = {field.name: field.type for field in schema}
    found: pa.DataType | None = None
    for index, name in enumerate(column.split(".")):
        if name not in fields:
            before = ".".join(column.split(".")[:index])
            where = f"{before!r} has" if before else "documents have"
            raise ValueError(f"no column {column!r}: {where} {sorted(fields)}")
        found = fields[name]
        fields = {}
        if pa.types.is_struct(found):
            fields = {child.name: child.type for child in found}
        elif pa.types.is_list(found) and pa.types.is_nested(found.value_type):
            raise ValueError(
                f"column {column!r} lies inside the list {name!r}; rules apply to whole documents"
            )
    assert found is not None
    return found


def _expression(rule: Rule, column_type: pa.DataType) -> "pc.Expression":
    import pyarrow.compute as pc

    field = pc.field(*rule.column.split("."))
    if rule.op == "is_null":
        return ~field.is_valid()
    if rule.op == "not_null":
        return field.is_valid()
    if rule.op in ("has", "lacks"):
        if not (pa.types.is_list(column_type) and pa.types.is_string(column_type.value_type)):
            raise ValueError(f"op {rule.op!r} takes a list of texts, {rule.column!r} is not one")
        held = _has(field, str(rule.value))
        return held if rule.op == "has" else ~held
    if rule.op in ("in", "not_in"):
        assert isinstance(rule.value, tuple)
        values = pa.array([_scalar(value, column_type, rule) for value in rule.value], column_type)
        among = field.isin(values)
        return field.is_valid() & (among if rule.op == "in" else ~among)
    return _COMPARE[rule.op](field, _scalar(rule.value, column_type, rule))


def _has(field: "pc.Expression", value: str) -> "pc.Expression":
    """Whether a list of texts holds `value`: Arrow cannot ask, but it can join and search."""
    import pyarrow.compute as pc

    empty, separator = pc.scalar(""), pc.scalar(_SEPARATOR)
    # The cast because Arrow has no join for lists whose elements cannot be null.
    joined = pc.binary_join(field.cast(pa.list_(pa.string())), separator)
    joined = pc.binary_join_element_wise(empty, joined, empty, separator)
    return pc.match_substring(joined, f"{_SEPARATOR}{value}{_SEPARATOR}")


def _scalar(value: object, column_type: pa.DataType, rule: Rule) -> pa.Scalar:
    try:
        return pa.scalar(value, column_type)
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(
            f"rule on {rule.column!r}: {value!r} cannot be compared with a column of type "
            f"{column_type}"
        ) from error
