"""`interlink init`: a recipe to start from."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from ...schemas.errors import UsageError


def init(
    path: Annotated[Path, typer.Argument(help="Where to write the recipe.")] = Path("recipe.yaml"),
    sources: Annotated[
        str, typer.Option(help="An input manifest, a folder, a file or a URL.")
    ] = "videos.txt",
) -> None:
    """Write a recipe to start from, with every choice explained beside it."""
    if path.exists():
        raise UsageError(f"{path} exists; name another file, or remove it first")
    template = resources.files("interlink.pipeline") / "recipes" / "start.yaml"
    text = template.read_text(encoding="utf-8").replace("SOURCES", sources)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
    print(f"next: edit it, then `interlink plan {path}` shows what it would do")
