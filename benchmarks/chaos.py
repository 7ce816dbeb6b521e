"""Runs struck by faults drawn from seeds, on every engine, until each has come to its end.

What holds: started again at most 10 times, a run gives the very bytes, fates and files of a calm
one. Results go to a file as they come, so that a series that was interrupted goes on.
"""

import argparse
import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from report import table, write_report

TOYS = Path(__file__).resolve().parent.parent / "tests" / "toys"
PACKAGES = ["apache-beam", "ray", "pyarrow", "av"]
SEEDS = {"local": 200, "beam": 20, "ray": 20}


def main() -> None:
    """Try the seeds that have no result yet; write the report when all have one."""
    parser = argparse.ArgumentParser(description=__doc__)
    for engine, number in SEEDS.items():
        parser.add_argument(f"--{engine}", type=int, default=number, help=f"seeds on {engine}")
    parser.add_argument("--at-most", type=int, help="try only so many this time")
    parser.add_argument(
        "--folder", type=Path, default=Path("chaos"), help="for results, and runs that went wrong"
    )
    args = parser.parse_args()
    results = args.folder / "results.jsonl"
    wanted = [(engine, seed) for engine in SEEDS for seed in range(getattr(args, engine))]
    done = {(row["engine"], row["seed"]) for row in _read(results)}
    missing = [each for each in wanted if each not in done]
    _try_all(missing[: args.at_most], args.folder, results)
    rows = [row for row in _read(results) if (row["engine"], row["seed"]) in set(wanted)]
    if len(rows) < len(wanted):
        print(f"{len(rows)} of {len(wanted)} seeds done; run again to go on")
        return
    title = "Runs under chaos"
    print(write_report("chaos", title=title, body=body(rows), packages=PACKAGES))
    if any(row["troubles"] for row in rows):
        sys.exit(1)


def _try_all(seeds: list[tuple[str, int]], folder: Path, results: Path) -> None:
    # Workers of engines import the toys too.
    sys.path.insert(0, str(TOYS))
    path = [str(TOYS), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    from interlink_toy_chaos import make_sources
    from interlink_toy_seed import calm_truths, try_seed

    folder = folder.resolve()
    manifest = make_sources(folder / "sources")
    shutil.rmtree(folder / "calm", ignore_errors=True)
    calm = calm_truths(folder / "calm", manifest)
    for engine, seed in seeds:
        place = folder / f"{engine}-{seed}"
        verdict = try_seed(seed, engine, folder=place, manifest=manifest, calm=calm)
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(verdict)) + "\n")
        print(engine, seed, f"{verdict.wall_s} s", *verdict.troubles, flush=True)


def _read(results: Path) -> list[dict[str, Any]]:
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def body(rows: list[dict[str, Any]]) -> str:
    """Return the report's text."""
    actions = sorted({fired["action"] for row in rows for fired in row["fired"]})
    struck = {engine: Counter[str]() for engine in SEEDS}
    points: dict[str, Counter[str]] = {}
    for row in rows:
        for fired in row["fired"]:
            struck[row["engine"]][fired["action"]] += 1
            points.setdefault(fired["point"], Counter())[fired["action"]] += 1
    wrong = [row for row in rows if row["troubles"]]
    told = "\n\n".join(
        f"**{row['engine']}, seed {row['seed']}**: {row['faults']}\n\n```\n"
        + "\n".join(row["troubles"])[-4000:]
        + "\n```"
        for row in wrong
    )
    return f"""
Each seed draws one to four faults: kills, errors of disk and connection, hangs that somebody kills
after half a second, half-written files, a slow store, now and then two runs at once on one folder.
They strike at named points of the code of production, in the driver, in the supervisor and in
workers; the run is six sources of a second each, from the command line, with a stand-in for the
speech model alone. On Beam (two worker processes) and on Ray (two actors) two steps drawn by the
seed run on the engine, the others locally.

What must hold, and is checked after each: `interlink run`, started again until it ends with 0,
at most 10 times, gives the very documents and media, the funnel and the outcomes of a run without
faults; what commits name is there with the digests that they name; no exit says bug; no process is
left, and after `interlink gc` no file that neither a commit nor a version explains.

{
        table(
            (
                "engine",
                "seeds",
                "failed",
                *actions,
                "restarts by hand",
                "by the supervisor",
                "median wall",
            ),
            [_line(engine, rows, struck[engine], actions) for engine in SEEDS],
        )
    }

What struck where, over all engines:

{
        table(
            ("point", *actions),
            [
                (point, *(found[a] or "" for a in actions))
                for point, found in sorted(points.items())
            ],
        )
    }

{"Nothing failed." if not wrong else "What failed:"}

{told}
"""


def _line(
    engine: str, rows: list[dict[str, Any]], struck: Counter[str], actions: list[str]
) -> tuple[object, ...]:
    own = [row for row in rows if row["engine"] == engine]
    walls = sorted(row["wall_s"] for row in own)
    again = sum(row["restarts"] for row in own)
    return (
        engine,
        len(own),
        sum(bool(row["troubles"]) for row in own),
        *(struck[action] for action in actions),
        again,
        sum(row["jobs"] for row in own) - again - len(own),
        f"{walls[len(walls) // 2]:.0f} s" if walls else "-",
    )


if __name__ == "__main__":
    main()
