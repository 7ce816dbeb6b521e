"""`interlink audit`: draw a sample, have it judged, and say how sure the numbers are."""

import typer

from .audit_compare import compare
from .audit_export import export
from .audit_import import import_
from .audit_publish import publish
from .audit_report import report
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
audit.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink audit report audit/demo\n"
        "  interlink audit report audit/demo --fail-if 'wrong_upper95 > 8%' "
        "--fail-if 'agreement < 0.667'"
    ),
)(report)
audit.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink audit export audit/demo --format csv\n"
        "  interlink audit export audit/demo --format huggingface,label-studio --output out"
    )
)(export)
audit.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink audit compare audit/before audit/after\n"
        "  interlink audit compare audit/before audit/after "
        "--fail-if 'clips_with_error_difference_upper95 > 2%'\n"
        "  interlink audit compare audit/two-models"
    )
)(compare)
audit.command(
    epilog=(
        "\b\nExamples:\n"
        "  interlink audit publish audit/demo\n"
        "  interlink audit publish audit/demo --dataset s3://bucket/dataset"
    )
)(publish)
