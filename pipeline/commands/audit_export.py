"""`interlink audit export`: an audit's items for other tools, and as sheets to fill in."""

from pathlib import Path
from typing import Annotated

import typer

from ..audit.export.export import export_audit
from ..audit.export.formats import FORMATS
from .console import make_console, number_table

_Formats = Annotated[
    str, typer.Option("--format", metavar="NAME,...", help=f"Any of: {', '.join(FORMATS)}.")
]


def export(
    audit: Annotated[Path, typer.Argument(metavar="AUDIT", help="Folder of an audit.")],
    formats: _Formats,
    output: Annotated[Path | None, typer.Option(help="Folder; left out, AUDIT/export.")] = None,
) -> None:
    """Write the clips to judge in other forms, with nothing that raters must not know.

    jsonl, csv and parquet are sheets: filled in, `interlink audit import` takes them. huggingface
    is a folder that `datasets` loads. label-studio is tasks and a labelling configuration; the JSON
    that Label Studio exports is imported as well.
    """
    names = [name.strip() for name in formats.split(",") if name.strip()]
    table = number_table("format", "files", "MB")
    table.add_column("folder")
    for one in export_audit(audit, names, output or audit / "export"):
        table.add_row(
            one.name, str(one.num_files), f"{one.num_bytes / 1e6:.1f}", f"{one.folder}/README.md"
        )
    console = make_console()
    console.print(table, soft_wrap=True)
