"""The tiny base: a small language model and vision tower, trained offline on a generated world."""

from .cache import TinyBase, tiny_base
from .recipe import TinyRecipe
from .report import WeakBaseError

__all__ = ["TinyBase", "TinyRecipe", "WeakBaseError", "tiny_base"]
