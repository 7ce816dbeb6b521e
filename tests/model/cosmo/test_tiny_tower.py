import json
import stat
from pathlib import Path

import pytest
import torch

from interlink.model.cosmo.tiny_tower import TinyTower, TinyTowerConfig


@pytest.fixture
def tower() -> TinyTower:
    torch.manual_seed(0)
    return TinyTower(TinyTowerConfig(size_px=48, width=32, depth=1)).eval()


def test_each_patch_gets_one_feature(tower: TinyTower):
    assert tower(torch.zeros(2, 3, 48, 48)).shape == (2, 16, 32)
    assert (tower.num_patches, tower.width, tower.size_px) == (16, 32, 48)


def test_patches_run_row_by_row_from_the_top_left():
    torch.manual_seed(0)
    tower = TinyTower(TinyTowerConfig(size_px=48, width=32, depth=0)).eval()  # nothing is mixed
    dark, light = torch.zeros(1, 3, 48, 48), torch.zeros(1, 3, 48, 48)
    light[:, :, 15:21, 27:33] = 1  # well inside row 1, column 2 of 4 x 4
    moved = (tower(light) - tower(dark)).abs().sum(-1)[0]
    assert moved.argmax() == 6


def test_pixels_are_normalised_by_the_towers_own_mean_and_deviation(tower: TinyTower):
    pictures = torch.full((1, 3, 48, 48), 255, dtype=torch.uint8)
    assert tower.normalize(pictures).unique().item() == pytest.approx((1 - 0.4) / 0.3)


def test_a_tower_comes_back_from_its_folder_to_the_bit(tower: TinyTower, tmp_path: Path):
    tower.save(tmp_path / "tower")
    again = TinyTower.load(tmp_path / "tower")
    pixels = torch.randn(3, 3, 48, 48)
    assert torch.equal(tower(pixels), again(pixels))
    assert again.config == tower.config
    mode = stat.S_IMODE((tmp_path / "tower" / "model.safetensors").stat().st_mode)
    assert mode == 0o644


def test_an_unknown_key_of_the_folder_is_refused(tower: TinyTower, tmp_path: Path):
    tower.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "depht": 3}))
    with pytest.raises(ValueError, match=r"\['depht'\] are no fields of a tower"):
        TinyTower.load(tmp_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size_px": 100}, "size_px=100 must be a multiple of patch_px=12"),
        ({"patch_px": 6}, "that one of 4"),
        ({"width": 100}, "width=100 must be a multiple"),
        ({"kind": "clip"}, "kind='clip' must be 'tiny'"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(values: dict, message: str):
    with pytest.raises(ValueError, match=message):
        TinyTowerConfig(**values)
