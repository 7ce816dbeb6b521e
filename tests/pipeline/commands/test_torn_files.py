"""Torn files of a run and its dataset: each command says which it is, or does without it."""

import shutil

import pytest

from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.run import run_recipe

RECIPE = {
    "sources": "a.mp4",
    "run": "run",
    "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
}
COMMANDS = [
    "status run",
    "failures run",
    "retry run --codes deadline",
    "gc run --dry-run",
    "gc run/dataset --dry-run",
    "inspect run/dataset",
    "card run/dataset",
    "diff run/dataset 1 1",
    "takedown verify run/dataset",
    "takedown apply run/dataset --source a.mp4 --reason asked --dry-run",
]
TELLERS = {
    "run/digests.json": "run",
    "run/recipe.yaml": "run",
    "run/plans/001.parquet": "run",
    "run/keys/scan-*.json": "run",
    "run/published/001-*.json": "run",
    "run/steps/scan-*/001-00000/_done.json": "run",
    "run/steps/scan-*/001-00000/*/kept.parquet": "run",
    "run/dataset/_manifest/v000001.json": "run/dataset",
    "run/dataset/_manifest/files-*.parquet": "run/dataset",
    "run/dataset/docs/*.parquet": "run/dataset",
    "run/dataset/funnel/001.parquet": "run/dataset",
}
"""By file: where `fsck` tells of it."""
LOGS = ["run/jobs/0001.json", "run/jobs/0001-ended.json", "run/stats.json", "run/events.jsonl"]
"""What is written for people alone: commands do without it."""
REMOVED = ["digests.json", "recipe.yaml", "keys/scan-*.json", "published/001-*.json"]
"""What `fsck --repair` removes, and the next run writes again."""


@pytest.fixture(scope="module")
def done(video_maker, tmp_path_factory):
    """A folder in which a video has become a dataset."""
    folder = tmp_path_factory.mktemp("torn")
    video_maker(folder)("a.mp4", shots=(2.2,), size=(64, 48), fps=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_recipe(make_recipe(RECIPE), engine="local")
    return folder


@pytest.fixture
def torn(done, tmp_path, monkeypatch):
    """Tears a file of a copy of `done`, and goes there."""
    shutil.copytree(done, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")

    def tear(pattern: str, *, keep: float = 0.5) -> str:
        path = next((tmp_path / "copy").glob(pattern))
        data = path.read_bytes()
        path.unlink()  # it may be one file with another
        path.write_bytes(data[: int(len(data) * keep)])
        return str(path.relative_to(tmp_path / "copy"))

    return tear


@pytest.mark.parametrize("keep", [0.5, 0.0], ids=["half", "empty"])
@pytest.mark.parametrize("pattern", [*TELLERS, *LOGS])
def test_every_command_says_what_is_torn_or_does_without(torn, interlink, pattern, keep):
    path = torn(pattern, keep=keep)
    for command in COMMANDS:
        code, output = interlink(command)
        assert code in (0, 3), f"{command}: {output}"
        if code == 3:
            assert path.rpartition("/")[2] in output or "part 001-00000" in output, command


@pytest.mark.parametrize("pattern", TELLERS)
def test_fsck_tells_of_it(torn, interlink, pattern):
    path = torn(pattern)
    code, output = interlink(f"fsck {TELLERS[pattern]} --deep")
    assert code == 5
    assert path in output


def test_parts_are_withdrawn_once_it_is_known_which_steps_follow(torn, interlink):
    torn("run/digests.json")
    torn("run/steps/scan-*/001-00000/_done.json")
    code, output = interlink("fsck run --repair")
    assert (code, "withdrawn" in output) == (5, False)
    assert "repair again" in output


@pytest.mark.parametrize("pattern", REMOVED)
def test_what_is_written_again_is_removed_and_the_next_run_goes_on(torn, interlink, pattern):
    path = torn(f"run/{pattern}")
    code, output = interlink("fsck run --repair")
    assert code == 0, output
    assert f"repaired {path}: removed: the next run writes it again" in output
    report = run_recipe(make_recipe(RECIPE), engine="local")
    assert all(step.num_reused == step.num_parts for step in report.steps)
    assert interlink("fsck run --deep")[0] == 0
    assert interlink("status run")[0] == 0
