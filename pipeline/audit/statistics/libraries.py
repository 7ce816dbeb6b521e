"""The one text for a missing statistics library."""

from collections.abc import Iterator
from contextlib import contextmanager

from ....schemas.errors import EnvironmentFault


@contextmanager
def statistics_libraries() -> Iterator[None]:
    """Import SciPy, statsmodels or krippendorff inside this.

    Raises:
        EnvironmentFault: one of them is missing; the text has the command that installs it.
    """
    try:
        yield
    except ImportError as error:
        raise EnvironmentFault(
            f"the statistics of an audit need {error.name or 'a library'}, which cannot be "
            f"imported ({error}); run: pip install 'interlink[audit]'"
        ) from error
