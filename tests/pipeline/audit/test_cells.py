import pytest

from interlink.pipeline.audit.cells import MAX_CELL_CHARS, marked, shown, unmarked


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "'=", "''-"])  # noqa: RUF001
def test_what_could_be_run_is_marked_and_comes_back(start):
    text = f"{start}HYPERLINK(1)"
    assert marked(text) == f"'{text}"
    assert unmarked(marked(text)) == text


@pytest.mark.parametrize("text", ["", "'", "a=b", "'a'", " =1", "3-4", "<script>"])
def test_other_texts_stay_as_they_are(text):
    assert marked(text) == unmarked(text) == text


def test_a_text_for_people_is_marked_behind_separators_and_cut():
    assert shown('a; =1\n+2\t"@3", -4; b') == "a; '=1\n'+2\t\"'@3\", -4; b"
    assert shown("\0") == "\ufffd"
    assert len(shown("x" * 99_000)) == MAX_CELL_CHARS
    assert shown("x" * 99_000).endswith("x…")
