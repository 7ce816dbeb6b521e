import pytest

from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.file_path import path_under


def test_a_relative_path_lies_under_the_root():
    assert path_under("/data", "docs/a..b/.hidden") == "/data/docs/a..b/.hidden"
    assert path_under("bucket/run", "") == "bucket/run"


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "a/..", "/etc/passwd", "a\\..\\x"])
def test_a_path_that_leads_out_of_the_root_is_refused(path):
    with pytest.raises(EnvironmentFault, match=r"leads out of /data: files are named by relative"):
        path_under("/data", path)
