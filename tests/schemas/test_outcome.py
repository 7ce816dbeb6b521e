"""Dispositions and the closed lists of reasons and codes."""

import dataclasses

import pytest

from interlink.schemas.arrow import arrow_schema, from_table, to_table
from interlink.schemas.errors import (
    BudgetExceededError,
    EnvironmentFault,
    IncompleteError,
    InterlinkError,
    RecordError,
    UsageError,
)
from interlink.schemas.outcome import (
    ERROR_CLASSES,
    Disposition,
    ErrorClass,
    ErrorCode,
    Outcome,
    RejectionReason,
)


def test_every_code_has_one_class():
    assert set(ERROR_CLASSES) == set(ErrorCode)
    assert set(ERROR_CLASSES.values()) == set(ErrorClass)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (ErrorCode.NOT_FOUND, ErrorClass.PERMANENT),
        (ErrorCode.TRUNCATED, ErrorClass.PERMANENT),
        (ErrorCode.TRANSFORM_ERROR, ErrorClass.PERMANENT),
        (ErrorCode.CONNECTION, ErrorClass.TRANSIENT),
        (ErrorCode.CHILD_CRASHED, ErrorClass.TRANSIENT),
        (ErrorCode.LIVE, ErrorClass.DEFERRED),
        (ErrorCode.HTTP_429, ErrorClass.HOST),
        (ErrorCode.DISK_FULL, ErrorClass.ENVIRONMENT),
    ],
)
def test_a_code_calls_for_what_its_class_says(code, expected):
    assert ERROR_CLASSES[code] is expected


def test_a_reason_is_never_an_error_code():
    reasons, codes = ({member.value for member in kind} for kind in (RejectionReason, ErrorCode))
    assert not reasons & codes


def test_names_and_values_are_one_word():
    for kind in (Disposition, RejectionReason, ErrorClass, ErrorCode):
        assert all(member.value == member.name.lower() for member in kind)


def test_outcomes_go_through_arrow_and_back():
    outcomes = [
        Outcome(input_id="a", step="s", stage="t", disposition=Disposition.KEPT, num_outputs=3),
        Outcome(
            input_id="b",
            step="s",
            stage="t",
            disposition=Disposition.FAILED,
            code=ErrorCode.TRUNCATED,
            value=0.5,
            message="cut off",
            attempts=3,
            batch_split=True,
            owner_id="o",
        ),
    ]
    back = from_table(to_table(outcomes, Outcome), Outcome)
    assert back == outcomes
    assert back[0].disposition is Disposition.KEPT
    schema = arrow_schema(Outcome)
    assert schema.names == [field.name for field in dataclasses.fields(Outcome)]
    assert not schema.field("disposition").nullable
    assert schema.field("code").nullable


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (InterlinkError, 1),
        (UsageError, 2),
        (EnvironmentFault, 3),
        (IncompleteError, 4),
        (BudgetExceededError, 5),
    ],
)
def test_errors_have_the_exit_codes_of_the_command_line(kind, exit_code):
    assert kind("x").exit_code == exit_code
    assert isinstance(kind("x"), InterlinkError)


def test_a_record_error_says_its_code():
    error = RecordError(ErrorCode.TOO_BIG, "9 GB", value=9.0)
    assert (str(error), error.code, error.value) == ("too_big: 9 GB", ErrorCode.TOO_BIG, 9.0)
