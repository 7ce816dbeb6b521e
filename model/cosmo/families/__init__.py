"""One small file for each family of language models: how its parts are called."""

from .family import Family, Step
from .llama import Llama
from .opt import Opt

__all__ = ["FAMILIES", "Family", "Step"]

FAMILIES: dict[str, Family] = {family.model_type: family for family in (Llama(), Opt())}
"""By `model_type` of a Hugging Face config. A new family is one file and one name here."""
