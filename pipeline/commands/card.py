"""`interlink card`: write the card of a dataset anew."""

from typing import Annotated

import typer

from ..publish.card import CARD_NAME, rewrite_card
from ..publish.card_pictures import PICTURE_FOLDER
from ..storage.store import Store
from .console import make_console


def card(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Folder or URL of a dataset.")],
    name: Annotated[
        str | None, typer.Option(help="What to call it; left out, what it is called now.")
    ] = None,
) -> None:
    """Write the card of a dataset: what is in it, how good its captions are, what its limits are.

    Runs and `interlink audit publish` do it by themselves; what was there before is overwritten.
    """
    console, store = make_console(), Store(dataset)
    manifest = rewrite_card(store, name)
    judged = len(manifest.audits)
    of = f"version {manifest.version}, {judged} audit{'' if judged == 1 else 's'}"
    console.print(f"card      {store.display(CARD_NAME)}: {of}", soft_wrap=True)
    console.print(f"pictures  {store.display(PICTURE_FOLDER)}", soft_wrap=True)
    if not judged:
        console.print(f"next: `interlink audit sample {dataset}`", soft_wrap=True)
