"""`interlink audit`: draw a sample, have it judged, and say how sure the numbers are."""

import typer

from .audit_import import import_
from .audit_sample import sample

audit = typer.Typer(
    name="audit",
    help="Look at clips of a dataset, judge their captions, and say how sure that is.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
audit.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink audit sample demo/dataset\n"
        "  interlink audit sample demo/dataset --n 400 --strata language,speech --seed 7\n"
        "  interlink audit sample demo/dataset --score word_probability --risk 50"
    )
)(sample)
audit.command(
    "import",
    epilog=(
        "\b\nExamples:\n"
        "  interlink audit import audit/demo ratings-ann.jsonl ratings-bob.jsonl\n"
        "  interlink audit import audit/demo table.csv"
    ),
)(import_)
