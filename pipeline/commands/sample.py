"""`interlink sample`: one document, as a reader sees it or as the trainer was shown it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...schemas.document import Document
from ...schemas.errors import EnvironmentFault, UsageError
from .console import make_console
from .document_text import print_document
from .model_loading import loading
from .train_recipe import TrainSettings, load_train_recipe

if TYPE_CHECKING:
    from ...model.data.dataset import Dataset
    from ...model.data.samples import Samples
    from ...model.recipe import TrainRecipe


def sample(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Folder or URL of a dataset.")],
    document_id: Annotated[
        str | None, typer.Option("--id", help="A document; left out, the first one.")
    ] = None,
    as_trained: Annotated[
        bool, typer.Option("--as-trained", help="Draw frames, text, labels and masks.")
    ] = False,
    recipe: Annotated[
        str, typer.Option(help="The training: a recipe's file, or a preset's name.")
    ] = "debug",
    epoch: Annotated[int, typer.Option(min=0, help="Texts are drawn anew in each.")] = 0,
    output: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("sample.png"),
    settings: TrainSettings = None,
) -> None:
    """Show one document of a dataset.

    With --as-trained as a picture of the samples that a training makes of it: every token is a box,
    colored where it has loss, beside the frames and the masks. Tokenizer, text policy, budgets and
    seed are those of the recipe.
    """
    console = make_console()
    loaded = load_train_recipe(recipe, settings or (), dataset=dataset)
    # `read_documents` gives the same rows; this reader finds one by its id.
    from ...model.data.dataset import open_dataset

    if not as_trained:
        found = open_dataset(dataset, version=loaded.version)
        document = found.find(document_id) if document_id else _first(found)
        print_document(console, document, max_clips=document.num_clips)
        option = f"--id {document.document_id} --as-trained"
        console.print(f"next: interlink sample {dataset} {option}", soft_wrap=True)
        return
    with loading(console, f"loading the tokenizer of {loaded.model.language_model}"):
        from ...model.data.picture import draw_document

        samples = _samples(loaded)
        chosen = document_id or _first(samples.dataset).document_id
        picture = draw_document(samples, chosen, seed=loaded.seed, epoch=epoch)
    output.parent.mkdir(parents=True, exist_ok=True)
    picture.save(output)
    console.print(f"document {chosen}", soft_wrap=True)
    console.print(f"picture  {output}: frames, text, labels and masks", soft_wrap=True)
    preset = f"interlink train {recipe} --set dataset={dataset} --dry-run"
    console.print(f"next: {preset}", soft_wrap=True)


def _samples(recipe: "TrainRecipe") -> "Samples":
    from ...model.cosmo.shapes import build_on_meta
    from ...model.dry_run import find_processor
    from ...model.training_data import make_samples

    processor = find_processor(build_on_meta(recipe.model))
    if processor is None:
        raise EnvironmentFault(
            f"the tokenizer of {recipe.model.language_model} is not on this machine; name a folder "
            "that holds it with --set model.language_model=FOLDER"
        )
    return make_samples(recipe, processor)


def _first(dataset: "Dataset") -> Document:
    for document in dataset.documents():
        return document
    name = f"view {dataset.view.name!r} of {dataset.url}" if dataset.view else dataset.url
    raise UsageError(f"{name} has no document")
