import pytest

from interlink.model.tiny.report import TinyReport, WeakBaseError, check_head_floor


def report() -> TinyReport:
    return TinyReport(
        digest="abc",
        num_language_parameters=1_850_000,
        num_tower_parameters=210_000,
        language_loss=0.57,
        picture_to_caption=0.96,
        caption_to_picture=0.97,
        head_floor={"red": 0.001, "left": 0.02},
        language_cpu_s=100.0,
        tower_cpu_s=90.0,
        files={"vision-tower/config.json": "00"},
    )


def test_a_report_comes_back_from_its_file(tmp_path):
    report().write(tmp_path / "report.json")
    assert TinyReport.read(tmp_path / "report.json") == report()


def test_the_summary_names_the_figures_and_the_highest_floor_first():
    text = report().summary()
    assert "1.85 M parameters, 100 CPU-s" in text
    assert "picture to caption 0.960, caption to picture 0.970" in text
    assert "the highest: left 0.0200, red 0.0010" in text


def test_floors_under_the_limit_pass():
    check_head_floor({"red": 0.0499, "left": 0.0})


@pytest.mark.parametrize("floor", [0.05, 0.4, float("nan")])
def test_a_word_that_cannot_be_said_with_certainty_fails_by_name(floor: float):
    with pytest.raises(WeakBaseError, match=r"is not for left \S+: no training"):
        check_head_floor({"red": 0.01, "left": floor})
