"""A loop over parts in this process."""

from collections.abc import Sequence

from ..parts.part import PartRunner


class LocalEngine:
    """Runs one part after the other, here. For tests, debugging and small data."""

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Take the parts through the step in their order."""
        try:
            runner.setup()
            for part in parts:
                if runner.run(part) is None:
                    return
        finally:
            runner.teardown()

    def close(self) -> None:
        """Do nothing: nothing was started."""
