import subprocess
import sys
from pathlib import Path

import pytest

from interlink.model.cosmo.tiny_tower import TinyTowerConfig
from interlink.model.tiny import TinyBase, WeakBaseError, tiny_base
from interlink.model.tiny.recipe import LanguageRecipe, TinyRecipe, TowerRecipe
from interlink.schemas.errors import EnvironmentFault

TOWER = TowerRecipe(config=TinyTowerConfig(size_px=48, width=32, depth=1), steps=2, batch=8)
# Wide enough that rows which were never trained lie apart.
FAST = TinyRecipe(
    language=LanguageRecipe(width=192, num_layers=1, steps=2, rows=2, row_tokens=64), tower=TOWER
)
# In so few dimensions nothing can be said with certainty.
WEAK = TinyRecipe(
    language=LanguageRecipe(width=16, num_layers=1, steps=2, rows=2, row_tokens=64), tower=TOWER
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def base(cache: Path) -> TinyBase:
    return tiny_base(cache, recipe=FAST)


def test_a_base_lies_under_its_digest(base: TinyBase, cache: Path):
    assert base.digest == FAST.digest()
    assert base.language_model == cache / base.digest / "language-model"
    assert base.vision_tower == cache / base.digest / "vision-tower"
    assert base.report().digest == base.digest


def test_it_is_trained_once(base: TinyBase, cache: Path):
    weights = base.language_model / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert tiny_base(cache, recipe=FAST) == base
    assert weights.stat().st_mtime_ns == before


def test_nothing_half_done_is_left_beside_it(base: TinyBase, cache: Path):
    assert {p.name for p in cache.iterdir()} == {base.digest, f".{base.digest}.lock"}


def test_a_weak_base_fails_and_leaves_nothing(tmp_path):
    with pytest.raises(WeakBaseError, match=r"must be under 0\.05 nats for each content word"):
        tiny_base(tmp_path, recipe=WEAK)
    assert [p.name for p in tmp_path.iterdir()] == [f".{WEAK.digest()}.lock"]


def test_a_damaged_file_is_noticed(tmp_path):
    base = tiny_base(tmp_path, recipe=FAST)
    weights = base.vision_tower / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    with pytest.raises(EnvironmentFault, match=r"is damaged: .* delete the folder"):
        tiny_base(tmp_path, recipe=FAST)


def test_a_cache_that_is_a_file_is_the_machines_fault(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="set XDG_CACHE_HOME to a folder"):
        tiny_base(tmp_path / "file", recipe=FAST)


def test_the_default_cache_is_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tiny_base(recipe=FAST).vision_tower.is_relative_to(tmp_path / "interlink" / "tiny-base")


_RACER = """
import sys
from pathlib import Path
from interlink.model.tiny import tiny_base
from interlink.model.cosmo.tiny_tower import TinyTowerConfig
from interlink.model.tiny.recipe import LanguageRecipe, TinyRecipe, TowerRecipe
tower = TowerRecipe(config=TinyTowerConfig(size_px=48, width=32, depth=1), steps=2, batch=8)
language = LanguageRecipe(width=192, num_layers=1, steps=2, rows=2, row_tokens=64)
base = tiny_base(Path(sys.argv[1]), recipe=TinyRecipe(language=language, tower=tower))
print(base.digest, (base.vision_tower / "model.safetensors").stat().st_mtime_ns)
"""


@pytest.mark.slow
def test_two_that_build_at_once_get_one_base(tmp_path, base: TinyBase):
    path = str(Path(__file__).parents[3] / ".lib")
    code = f"import sys; sys.path.insert(0, {path!r}){_RACER}"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [racer.communicate(timeout=300)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert said[0] == said[1]  # one trained, the other waited
    # A process of its own gives the bytes that this one got.
    assert tiny_base(tmp_path, recipe=FAST).report().files == base.report().files


@pytest.mark.slow
def test_the_base_that_all_share_can_be_learned_on():
    """Trained where it is not in the user's cache yet: some four minutes."""
    report = tiny_base().report()
    assert min(report.picture_to_caption, report.caption_to_picture) >= 0.9
    assert max(report.head_floor.values()) < 0.05
    assert 1e6 < report.num_language_parameters < 3e6
    assert report.language_loss < 0.7
