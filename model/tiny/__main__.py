"""`python -m interlink.model.tiny`: train the tiny base if need be, and show its figures."""

import logging
import sys
from pathlib import Path

from transformers.utils import logging as transformers_logging

from ...schemas.errors import InterlinkError
from .cache import tiny_base


def main() -> int:
    """Build the tiny base; an optional argument is the cache folder. Returns an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("interlink.model.tiny").setLevel(logging.INFO)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        base = tiny_base(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except InterlinkError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{base.report().summary()}\n")
    sys.stdout.write(f"  in              {base.vision_tower.parent}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
