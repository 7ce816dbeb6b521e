"""The report of a soak, and its picture."""

from collections import Counter
from pathlib import Path

from report import table
from soak_result import WORKERS, Result


def body(result: Result) -> str:
    """Return the report's text."""
    codes = Counter(row["code"] for row in result.outcomes if row["disposition"] != "kept")
    persistent = [pid for pid, seen in result.zombies.items() if seen > 4]
    return f"""
{result.num_sources} sources of one second behind a server on loopback, one in twenty faulty,
through Beam with {WORKERS} worker processes; {result.kills} decoding children were killed on the
way. The run took {result.wall_s:.0f} s and gave {result.num_documents} documents.

Sources that did not end as they must: {len(result.wrong)}. Processes that stayed zombies for more
than two seconds: {len(persistent)}.

{
        table(
            (
                "step",
                "stage",
                "planned",
                "kept",
                "rejected",
                "failed",
                "deferred",
                "quarantined",
                "outputs",
            ),
            _funnel(result),
        )
    }

Why records were not kept: {", ".join(f"{n} {code}" for code, n in sorted(codes.items()))}.

**What stays flat.** Of the driver since the third step, and of every worker and child inside its
step: the stretch after 80 % of the parts against that from 30 to 55 %. *Growth*: of the memory
(RSS); in brackets for 1,000 sources. *Files*, *threads*: how many more.

{table(("process", "step", "lived", "peak", "growth", "files", "threads"), _lives(result))}

![Memory and open files](PICTURE)
"""


def _funnel(result: Result) -> list[tuple[object, ...]]:
    rows = []
    for step in result.steps:
        for stage in step["stages"]:
            fates = [stage[n] for n in ("kept", "rejected", "failed", "deferred", "quarantined")]
            rows.append((step["step"], stage["stage"], sum(fates), *fates, stage["outputs"]))
    return rows


def _lives(result: Result) -> list[tuple[object, ...]]:
    rows = []
    for life in result.lives:
        # Between the middles of the two stretches lie 47.5 % of the sources, shared by workers.
        sources = 0.475 * result.num_sources / WORKERS
        growth = f"{life.growth_bytes / 1e6:+.1f} MB"
        if life.role != "driver":
            growth += f" ({life.growth_bytes / 1e6 / sources * 1000:+.1f} MB)"
        files, threads = f"{life.more_files:+d}", f"{life.more_threads:+d}"
        peak = f"{life.peak_bytes / 1e6:.0f} MB"
        rows.append((life.role, life.phase, f"{life.lived_s:.0f} s", peak, growth, files, threads))
    return rows


def draw(result: Result, path: Path) -> None:
    """Draw memory and open files of all processes over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (memory, files) = pyplot.subplots(2, 1, figsize=(10, 6), sharex=True)
    began = result.samples[0].time_s
    colors = {"driver": "tab:blue", "worker": "tab:orange", "child": "tab:green"}
    for pid in dict.fromkeys(sample.pid for sample in result.samples):
        own = [sample for sample in result.samples if sample.pid == pid]
        times = [sample.time_s - began for sample in own]
        color = colors[own[-1].role]
        memory.plot(times, [sample.rss_bytes / 1e6 for sample in own], color=color, linewidth=1)
        files.plot(times, [sample.num_files for sample in own], color=color, linewidth=1)
    for axes, label in ((memory, "memory (RSS), MB"), (files, "open files")):
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        for step, begin_s in result.begins_s.items():
            axes.axvline(begin_s - began, color="lightgray", zorder=0)
            if axes is memory:
                axes.text(begin_s - began, axes.get_ylim()[1], step, fontsize=8, va="bottom")
    for role, color in colors.items():
        memory.plot([], [], color=color, label=role)
    memory.legend(loc="upper right", fontsize=8)
    files.set_xlabel("seconds")
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
