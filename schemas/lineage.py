"""Where one record comes from: the transforms and models behind it, step by step."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """One step behind a document row. Recipe, code version and run stand in the manifest."""

    step: str
    """Name of the step."""
    digest: str
    """Digest of the step's transforms and of those before it."""
    models: tuple[str, ...] = ()
    """The models that spoke in this step, as `name@revision`."""
