import hashlib
from pathlib import Path

import pytest

from interlink.transforms.captions import ocr_models


def test_digests_are_those_of_the_installed_package():
    rapidocr = pytest.importorskip("rapidocr")
    folder = Path(rapidocr.__file__).parent / "models"

    for name, sha256 in ocr_models.FILES.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256


def test_revision_names_both_models():
    assert ocr_models.REVISION == "090f04abcd9d-6f327246b503"
