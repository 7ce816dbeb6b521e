"""The browser that opens pages."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of the system; without one tests are skipped, but fail where `CI` is set.

    One for all tests: Playwright runs once in a process.
    """
    import playwright.sync_api

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        leave = pytest.fail if os.environ.get("CI") else pytest.skip
        leave("there is no Chromium: apt-get install chromium")
    with playwright.sync_api.sync_playwright() as api:
        browser = api.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
