import json

import pytest

from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.audit.report.report_file import REPORT_NAME, read_report, write_report
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import ErrorType
from interlink.schemas.errors import EnvironmentFault, UsageError


@pytest.fixture
def folder(tmp_path):
    return Store(str(tmp_path))


def test_what_is_written_is_read(folder, small_audit, report):
    plan = small_audit.again(small_audit.plan([("v0", 2, "a"), ("v1", 2, "b")]), 0, planted=0)
    said = {"i0": "rw3", "i1": "cr", "i0-perturbed": "rr"}
    made = make_report(plan, small_audit.judge("ann\x1b", said, error_types=[ErrorType.COUNT]))
    for one in (made, report, make_report(plan, [])):
        write_report(folder, one)
        assert read_report(folder) == one


def test_no_report_is_told(folder):
    with pytest.raises(UsageError, match=r"report/report.json; `interlink audit report` makes one"):
        read_report(folder)


def test_a_later_format_is_told(folder):
    folder.put(REPORT_NAME, json.dumps({"format_version": 99}).encode())
    with pytest.raises(UsageError, match=r"format_version=99.*update it"):
        read_report(folder)


@pytest.mark.parametrize("data", [b'{"format_version": 1', b"[]", b"{}", b'{"format_version": 1}'])
def test_a_damaged_one_is_told(folder, data):
    folder.put(REPORT_NAME, data)
    with pytest.raises(EnvironmentFault, match=r"report.json is damaged"):
        read_report(folder)
