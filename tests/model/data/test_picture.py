"""The picture of a sample as it is trained."""

import numpy as np
import pytest
from PIL import ImageColor

from interlink.model.data.picture import _COLORS, draw_document
from interlink.model.data.render import KIND_INDEX
from interlink.model.data.windows import Budgets
from interlink.schemas.errors import UsageError
from interlink.schemas.text import TextKind


def count(picture, color) -> int:
    return int((np.asarray(picture) == ImageColor.getrgb(color)).all(-1).sum())


@pytest.fixture
def samples(write_dataset, make_documents, make_samples):
    return make_samples(write_dataset(make_documents("a")))


def test_it_shows_frames_text_labels_and_masks(samples):
    (document,) = samples.dataset.documents()
    picture = draw_document(samples, document.document_id, seed=0)
    assert picture.width == 1200
    assert count(picture, _COLORS[KIND_INDEX[TextKind.CAPTION]]) > 5000  # what has loss
    assert count(picture, "#dddddd") > 2000  # speech, shown without loss
    assert count(picture, _COLORS[KIND_INDEX[TextKind.GIVEN]]) > 0  # in the legend alone
    frame = np.asarray(picture)[32 + 48, 16 + 48].tolist()
    assert frame == pytest.approx((0, 0, 128), abs=4)  # the first frame of the first clip


def test_the_samples_of_a_long_document_stand_one_below_the_other(
    write_dataset, make_documents, make_samples
):
    url = write_dataset(make_documents("a", clips=6))
    heights = []
    for media in (6, 3):
        samples = make_samples(url, budgets=Budgets(tokens=400, media=media))
        (document,) = samples.dataset.documents()
        heights.append(draw_document(samples, document.document_id, seed=0).height)
    assert heights[1] > heights[0]


def test_a_document_without_a_sample_is_told(samples, make_samples):
    (document,) = samples.dataset.documents()
    small = make_samples(samples.dataset.url, budgets=Budgets(tokens=8, media=1))
    with pytest.raises(UsageError, match=r"no sample comes of document .*: of 3 clips 3 take more"):
        draw_document(small, document.document_id, seed=0)
    with pytest.raises(UsageError, match="no document 'x' in"):
        draw_document(samples, "x", seed=0)
