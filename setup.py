"""Maps the repository root to the package `interlink`; the rest is in pyproject.toml."""

from setuptools import find_packages, setup

# The four rooms of the house, and the examples that the demo needs; tests and benchmarks stay out.
TOP = {"schemas", "transforms", "pipeline", "model", "examples"}

setup(
    package_dir={"interlink": "."},
    packages=[
        "interlink",
        *(f"interlink.{name}" for name in find_packages(".") if name.split(".")[0] in TOP),
    ],
    include_package_data=False,
    package_data={
        "interlink": ["py.typed"],
        "interlink.pipeline": [
            "recipes/*.yaml",
            "publish/templates/*",
            "audit/site/page/*",
            "audit/report/templates/*",
        ],
        "interlink.model": ["recipes/*.yaml"],
        "interlink.examples": ["videos/*"],
    },
)
