"""`interlink init`: a recipe to start from."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
import yaml

from ...schemas.errors import UsageError
from ...transforms.fetch.routing import is_url


def init(
    path: Annotated[Path, typer.Argument(help="Where to write the recipe.")] = Path("recipe.yaml"),
    sources: Annotated[
        str, typer.Option(help="An input manifest, a folder, a file or a URL.")
    ] = "videos.txt",
) -> None:
    """Write a recipe to start from, with every choice explained beside it."""
    if path.exists():
        raise UsageError(f"{path} exists; name another file, or remove it first")
    text = start_recipe(sources)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
    here = is_url(sources) or Path(sources).exists() or (path.parent / sources).exists()
    if not here:
        print(f"next: put paths and URLs of videos into {sources}, one a line; then edit {path}")
    else:
        print(f"next: edit it, then `interlink plan {path}` shows what it would do")


def start_recipe(sources: str) -> str:
    """Return the text of a recipe over `sources`, with its further choices as comments."""
    template = resources.files("interlink.pipeline") / "recipes" / "start.yaml"
    # As YAML writes it: a colon or a hash in a path wants quotes.
    quoted = yaml.safe_dump(sources, allow_unicode=True, width=10_000).splitlines()[0]
    return template.read_text(encoding="utf-8").replace("SOURCES", quoted)
