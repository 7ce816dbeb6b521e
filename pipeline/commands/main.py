"""The command line: `interlink COMMAND`. Errors become one sentence and an exit code."""

import errno
import logging
import signal
import sys
import traceback
from types import TracebackType

import typer

from ...schemas.errors import EnvironmentFault, IncompleteError, InterlinkError
from ..machine.threads import use_one_thread
from .audit import audit
from .caption import caption
from .card import card
from .demo import demo
from .diff import diff
from .doctor import doctor
from .failures import failures
from .fsck import fsck
from .gc import gc
from .init import init
from .inspect import inspect
from .plan import plan
from .replay import replay
from .retry import retry
from .run import run
from .sample import sample
from .signals import stop_on_signals, stopped_by
from .status import status
from .takedown import takedown
from .train import train

_MACHINE_FAULTS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EMFILE, errno.ENOMEM),
}
_STOPPED = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


def _examples(*lines: str) -> str:
    """Return an epilog; the backspace keeps the lines as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


app = typer.Typer(
    name="interlink",
    help=(
        "Turn raw video into interleaved video-text pretraining shards, have people judge them, "
        "and train on them.\n\n"
        "Start with `interlink demo`, then `interlink init` in a folder of your own."
    ),
    epilog=(
        _examples(
            "interlink demo",
            "interlink run recipe.yaml",
            "interlink audit sample demo/dataset",
            "interlink train debug --set dataset=demo/dataset --set output=training/first",
        )
        + "\n\nExit codes: 0 done, 1 bug, 2 usage, 3 environment, 4 incomplete but resumable, "
        "5 a budget was exceeded or a gate crossed, 130 interrupted, 143 terminated."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(
    epilog=_examples(
        "interlink demo",
        "interlink demo my_video.mp4 another.mkv --output mine",
        "interlink demo --engine local --set cut.mode=exact",
    )
)(demo)
app.command(
    epilog=_examples(
        "interlink init",
        "interlink init cooking.yaml --sources cooking.csv",
        "interlink init lectures.yaml --sources /data/lectures",
    )
)(init)
app.command(
    epilog=_examples(
        "interlink plan recipe.yaml",
        "interlink plan recipe.yaml --set clips.max_duration_s=10",
        "interlink plan recipe.yaml --write",
    )
)(plan)
app.command(
    context_settings={"allow_extra_args": True},
    epilog=_examples(
        "interlink run recipe.yaml",
        "interlink run recipe.yaml --limit 100 --set run=runs/trial",
        "interlink run recipe.yaml --engine local",
        "interlink run recipe.yaml --plan 1 --step scan",
        "interlink run recipe.yaml -- --runner=FlinkRunner --flink_master=host:8081",
    ),
)(run)
app.command(
    epilog=_examples(
        "interlink status runs/first",
        "interlink status s3://bucket/runs/1",
        "interlink status recipe.yaml --json | jq .rest",
    )
)(status)
app.command(
    epilog=_examples(
        "interlink failures runs/first",
        "interlink failures runs/first --by code,host",
        "interlink failures recipe.yaml --code dns,http_5xx --limit 20",
        "interlink failures runs/first --json | jq .counts",
    )
)(failures)
app.command(
    epilog=_examples(
        "interlink retry recipe.yaml",
        "interlink retry recipe.yaml --codes http_404,extractor",
        "interlink retry recipe.yaml --disposition deferred --now",
        "interlink retry recipe.yaml --codes model_error --clips",
    )
)(retry)
app.command(
    epilog=_examples(
        "interlink replay runs/first 303fc5f2 --step scan",
        "interlink replay recipe.yaml 303fc5f2 --step caption --output seen",
        "interlink replay runs/first 303fc5f2 --step cut --set clips.max_duration_s=10 --here",
    )
)(replay)
app.command(
    epilog=_examples(
        "interlink inspect my_video.mp4",
        "interlink inspect my_video.mp4 --output picture.png --set clips.max_duration_s=10",
        "interlink inspect runs/first/dataset",
    )
)(inspect)
app.command(
    epilog=_examples(
        "interlink sample demo/dataset",
        "interlink sample demo/dataset --as-trained",
        "interlink sample s3://bucket/dataset --id 303fc5f2... --as-trained --recipe train.yaml",
    )
)(sample)
app.command(
    epilog=_examples(
        "interlink train debug --set dataset=demo/dataset --dry-run",
        "interlink train debug --set dataset=demo/dataset --set output=training/first",
        "interlink train train.yaml",
        "torchrun --nproc-per-node 8 -m interlink train train.yaml",
    )
)(train)
app.command(
    epilog=_examples(
        "interlink caption --model training/first my_clip.mp4",
        "interlink caption --model training/first/checkpoints/step-00000500 picture.jpg",
    )
)(caption)
app.add_typer(audit)
app.command(
    epilog=_examples(
        "interlink card demo/dataset", "interlink card s3://bucket/dataset --name 'Cooking videos'"
    )
)(card)
app.add_typer(takedown)
app.command(
    epilog=_examples(
        "interlink diff runs/first/dataset",
        "interlink diff runs/first/dataset 3 5 --json",
        "interlink diff runs/first/dataset s3://bucket/dataset",
    )
)(diff)
app.command(
    epilog=_examples(
        "interlink fsck runs/first/dataset",
        "interlink fsck runs/first/dataset --deep --repair",
        "interlink fsck s3://bucket/run --deep",
    )
)(fsck)
app.command(
    epilog=_examples(
        "interlink gc runs/first --dry-run",
        "interlink gc runs/first --older-than 12h --steps",
        "interlink gc runs/first/dataset --keep-versions 3",
    )
)(gc)
app.command(
    context_settings={"allow_extra_args": True},
    epilog=_examples(
        "interlink doctor",
        "interlink doctor --engine ray recipe.yaml",
        "interlink doctor --engine beam recipe.yaml -- --runner=FlinkRunner "
        "--flink_master=host:8081",
    ),
)(doctor)


def main() -> None:
    """Run the command line; never returns."""
    use_one_thread()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop_on_signals()
    sys.excepthook = _tell_bug
    try:
        try:
            typer.main.get_command(app)()  # `app()` would set typer's own excepthook
        finally:  # what a library was doing when told to stop may end in an error of its own
            _end_if_stopped()
    except InterlinkError as error:
        _end(error)
    except (ConnectionError, TimeoutError) as error:
        _end(IncompleteError(f"lost a connection: {error}; what is committed stays, run again"))
    except OSError as error:
        # Clients of object stores raise FileNotFoundError without a number.
        if error.errno not in _MACHINE_FAULTS and not isinstance(error, FileNotFoundError):
            raise
        _end(EnvironmentFault(f"{error.strerror or error}: {error.filename or 'a file'}"))


def _end_if_stopped() -> None:
    """Exit as a stopped command does, if a signal told this one to stop."""
    number = stopped_by()
    if number is not None:
        print(
            f"interlink: {_STOPPED[number]}; what is committed stays, run again to go on",
            file=sys.stderr,
        )
        sys.exit(128 + number)


def _end(error: InterlinkError) -> None:
    print(f"interlink: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


def _tell_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print what nobody raised on purpose; Python then ends with exit code 1."""
    traceback.print_exception(kind, error, trace)
    print(
        "interlink: this is a bug. Please open an issue with the lines above, the command and the "
        "output of `interlink doctor`; what is committed stays",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
