import subprocess
import sys

import pytest

from interlink.pipeline.audit.statistics.intervals import wilson
from interlink.pipeline.audit.statistics.libraries import statistics_libraries
from interlink.schemas.errors import EnvironmentFault


def test_a_missing_library_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.stats.proportion", None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'interlink\[audit\]'"):
        wilson(1, 2)


def test_nothing_else_is_turned_into_a_missing_library():
    with pytest.raises(KeyError, match="other"), statistics_libraries():
        raise KeyError("other")


def test_importing_the_statistics_loads_no_library():
    names = ("agreement", "bootstrap", "clusters", "gates", "intervals", "paired", "weighted")
    imports = "; ".join(f"import interlink.pipeline.audit.statistics.{name}" for name in names)
    heavy = {"scipy", "statsmodels", "pandas", "krippendorff"}
    code = f"import sys; {imports}; print(*(set(sys.modules) & {heavy!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
