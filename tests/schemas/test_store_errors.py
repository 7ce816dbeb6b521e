"""Errors of clients are known by where they are defined, once those have been imported."""

import subprocess
import sys

import pytest

from interlink.schemas.store_errors import store_errors


def test_clients_that_are_not_loaded_are_left_alone():
    code = "from interlink.schemas.store_errors import store_errors; print(store_errors())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(<class 'OSError'>,)"


def test_errors_of_loaded_clients_are_among_them():
    exceptions = pytest.importorskip("botocore.exceptions")
    assert issubclass(exceptions.NoCredentialsError, store_errors())
    assert issubclass(FileNotFoundError, store_errors())
    assert not issubclass(ValueError, store_errors())
