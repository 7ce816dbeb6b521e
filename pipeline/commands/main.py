"""The command line: `interlink COMMAND`. Errors become one sentence and an exit code."""

import logging
import signal
import sys
from types import FrameType

import typer

from ...schemas.errors import InterlinkError
from ..threads import use_one_thread
from .demo import demo
from .doctor import doctor
from .init import init
from .inspect import inspect
from .plan import plan
from .run import run
from .status import status

app = typer.Typer(
    name="interlink",
    help=(
        "Turn raw video into interleaved video-text pretraining shards.\n\n"
        "Start with `interlink demo`, then `interlink init` in a folder of your own."
    ),
    epilog=(
        "Exit codes: 0 done, 1 bug, 2 usage, 3 environment, 4 incomplete but resumable, "
        "5 a budget was exceeded, 143 terminated."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo)
app.command()(init)
app.command()(plan)
app.command(context_settings={"allow_extra_args": True})(run)
app.command()(status)
app.command()(inspect)
app.command()(doctor)


def main() -> None:
    """Run the command line; never returns."""
    use_one_thread()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except InterlinkError as error:
        print(f"interlink: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def _terminate(number: int, frame: FrameType | None) -> None:
    """End as if by an exception, so that engines and children are closed on the way out."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
