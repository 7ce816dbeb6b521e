import importlib.resources

import pytest
import yaml

from interlink.model.cosmo.config import CosmoConfig
from interlink.schemas.errors import UsageError

SMALL = {"language_model": "a", "vision_tower": "b", "unimodal_depth": 2}


def test_a_config_comes_back_from_json():
    config = CosmoConfig.from_mapping(SMALL | {"logit_scale_max": None, "qk_norm": False})
    assert CosmoConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"depth": 3}, "model.depth is unknown; the model's keys are language_model, "),
        ({"unimodal_depth": 0}, "model.unimodal_depth=0 must be at least 1"),
        ({"unimodal_depth": True}, "model.unimodal_depth=True must be of type int"),
        ({"unimodal_depth": 2.5}, "model.unimodal_depth=2.5 must be of type int"),
        ({"faithful": 1}, "model.faithful=1 must be of type bool"),
        (
            {"logit_scale_max": "x"},
            "model.logit_scale_max='x' must be of type int or float or null",
        ),
        ({"language_model": None}, "model.language_model=None must be of type str"),
        ({"new_rows": "all"}, "model.new_rows='all' must be one of frozen, output, both"),
        ({"xattn_form": "flex"}, "model.xattn_form='flex' must be one of dense, gather"),
        ({"xattn_compress": 3}, "model.xattn_compress=3 must divide xattn_head_dim=64"),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(change, text):
    with pytest.raises(UsageError) as caught:
        CosmoConfig.from_mapping(SMALL | change)
    assert str(caught.value).startswith(text)


def test_a_missing_key_is_named():
    with pytest.raises(UsageError, match=r"model\.vision_tower is missing"):
        CosmoConfig.from_mapping({"language_model": "a", "unimodal_depth": 1})


def test_whole_numbers_are_taken_for_real_ones():
    config = CosmoConfig.from_mapping(SMALL | {"logit_scale_init": 2})
    assert isinstance(config.logit_scale_init, float)


@pytest.mark.parametrize("name", ["debug", "faithful-2b", "cosmo-2b"])
def test_presets_are_valid(name):
    text = (importlib.resources.files("interlink.model") / f"recipes/{name}.yaml").read_text()
    config = CosmoConfig.from_mapping(yaml.safe_load(text)["model"])
    assert config.faithful == (name == "faithful-2b")
