"""The curves of a training as one picture, drawn from `metrics.jsonl`. Nothing is computed anew.

All curves stand over tokens seen, padding left out. Colours are those of Okabe and Ito, which
people with any colour vision can tell apart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..schemas.errors import EnvironmentFault
from ..schemas.text import TextKind
from .curve_lines import Events, Line, keys_of, line_of, smoothed, thinned, value_of
from .metrics import read_events

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter

_TRAINED, _HELD_OUT, _BAD, _GREY = "#0072B2", "#D55E00", "#B00020", "#777777"
_KINDS = {
    TextKind.GIVEN: "#0072B2",
    TextKind.CAPTION: "#E69F00",
    TextKind.FRAME_CAPTION: "#56B4E9",
    TextKind.CHANGE_CAPTION: "#CC79A7",
    TextKind.REGION_CAPTION: "#8C6D31",
    TextKind.SPEECH: "#009E73",
    TextKind.SUBTITLE: "#D55E00",
    TextKind.SCREEN_TEXT: "#000000",
    TextKind.NARRATIVE: _GREY,
}
_FEW = 40
"""So few points are drawn as points too."""


def draw_curves(metrics: Path, picture: Path) -> None:
    """Draw the curves of a training as a PNG.

    Args:
        metrics: the `metrics.jsonl` of a training, finished or not.
        picture: the file to write; one that is there is replaced.

    Raises:
        EnvironmentFault: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EnvironmentFault(
            "drawing the curves of a training needs matplotlib: pip install 'interlink[train]'"
        ) from error
    events = read_events(metrics)
    figure = Figure(figsize=(16, 10.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    _Curves(figure, events).draw()
    figure.savefig(picture, format="png")


class _Curves:
    """The panels of one picture."""

    def __init__(self, figure: "Figure", events: Events) -> None:
        self.figure = figure
        self.steps = [event for event in events if event.get("event") == "step"]
        self.evaluations = [event for event in events if event.get("event") == "evaluation"]
        starts = [event for event in events if event.get("event") == "start"]
        self.recipe: Mapping[str, Any] = starts[-1].get("recipe", {}) if starts else {}
        tokens = [float(event["tokens"]) for event in (*self.steps, *self.evaluations)]
        self.last_tokens = max(tokens, default=0.0)
        skipped = [event for event in self.steps if event.get("skipped")]
        self.skipped = [float(event["tokens"]) for event in skipped]

    def draw(self) -> None:
        """Draw all panels."""
        grid = self.figure.add_gridspec(3, 4)
        self._write_head()
        self._draw_loss(self._panel(grid[0, :2], "Language-model loss", "nats per token"))
        self._draw_gain(
            self._panel(
                grid[0, 2:], "Vision gain, held out (± 2 standard errors)", "nats per token"
            )
        )
        self._draw_retrieval(self._panel(grid[1, 0], "Retrieval among pairs", "top-1"))
        axes = self._panel(grid[1, 1], "Contrastive loss", "nats")
        self._draw_one(axes, "contrastive_loss", missing="no pairs")
        self._draw_gates(self._panel(grid[1, 2:], "Gates", "tanh of the gate"))
        axes = self._panel(grid[2, 0], "Learning rate", "of all but the gates")
        axes.yaxis.set_major_formatter("{x:g}")
        self._draw_one(axes, "learning_rate", smooth=False)
        self._draw_norm(self._panel(grid[2, 1], "Gradient norm", "before it is cut"))
        axes = self._panel(grid[2, 2], "Speed", "tokens per second")
        axes.yaxis.set_major_formatter(_short)
        self._draw_one(axes, "tokens_per_s")
        axes = self._panel(grid[2, 3], "Waiting for data", "share of the time")
        self._draw_one(axes, "data_wait_share")
        axes.yaxis.set_major_formatter(_percent())
        axes.set_ylim(0, max(0.05, axes.get_ylim()[1]))
        for axes in self.figure.axes[-4:]:
            axes.set_xlabel("tokens", color=_GREY)

    def _write_head(self) -> None:
        output = Path(str(self.recipe.get("output", ""))).name
        title = f"COSMO training · {output}" if output else "COSMO training"
        self.figure.suptitle(f"{title}\n", x=0.01, ha="left", fontsize=17, weight="bold")
        last = self.steps[-1] if self.steps else {}
        parts = [f"{_short(len(self.steps))} {'step' if len(self.steps) == 1 else 'steps'}"]
        for name in ("tokens", "documents", "media", "frames", "pairs"):
            if (count := value_of(last, name)) is not None:
                parts.append(f"{_short(count)} {name}")
        with_loss = last.get("tokens_with_loss") or {}
        if with_loss:
            kinds = ", ".join(
                f"{_short(count)} {_words(kind)}" for kind, count in with_loss.items()
            )
            parts.append(f"tokens with loss: {kinds}")
        self.figure.text(0.01, 0.962, "   ·   ".join(parts), va="top", color="#444444")

    def _panel(self, place: Any, title: str, unit: str) -> "Axes":  # noqa: ANN401  (SubplotSpec)
        axes = self.figure.add_subplot(place)
        axes.set_title(title, loc="left", fontsize=12, weight="bold")
        axes.set_ylabel(unit, color=_GREY)
        axes.grid(color="#E6E6E6", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color("#BBBBBB")
        axes.tick_params(colors="#555555", labelsize=9)
        axes.xaxis.set_major_formatter(_short)
        axes.set_xlim(0, self.last_tokens * 1.03 or 1)
        axes.locator_params(axis="x", nbins=5)
        return axes

    def _draw_loss(self, axes: "Axes") -> None:
        kinds = keys_of([*self.steps, *self.evaluations], "loss_by_kind")
        for kind in kinds:
            colour = _KINDS[TextKind(kind)]
            trained = line_of(self.steps, "loss_by_kind", kind)
            _draw_trained(axes, trained, colour, label=_words(kind))
        for kind in kinds:
            held_out = line_of(self.evaluations, "loss_by_kind", kind)
            label = f"{_words(kind)}, held out" if len(kinds) <= 2 else None
            _draw_held_out(axes, held_out, _KINDS[TextKind(kind)], label=label)
        if len(kinds) > 2 and self.evaluations:
            axes.plot([], "--o", color=_GREY, markeredgecolor="white", label="held out")
        self._mark_skipped(axes)
        axes.set_ylim(bottom=0)
        _finish(axes, "no step yet", columns=1 + (len(kinds) > 2))

    def _draw_gain(self, axes: "Axes") -> None:
        known = [e for e in self.evaluations if value_of(e, "vision_gain") is not None]
        kinds = keys_of(known, "vision_gain_by_kind") if known else []
        for kind in kinds if len(kinds) > 1 else ():
            line = line_of(known, "vision_gain_by_kind", kind)
            colour = _KINDS[TextKind(kind)]
            axes.plot(*line, color=colour, linewidth=1, alpha=0.7, label=_words(kind))
        if known:
            axes.axhline(0, color=_GREY, linewidth=1)
            tokens, gain = line_of(known, "vision_gain")
            error = 2 * np.array([value_of(e, "vision_gain_error") or 0.0 for e in known])
            style = "o-" if len(known) <= _FEW else "-"
            label = "all" if len(kinds) > 1 else None
            axes.plot(tokens, gain, style, color=_HELD_OUT, linewidth=2, label=label)
            if len(known) <= _FEW:
                axes.errorbar(tokens, gain, yerr=error, fmt="none", color=_HELD_OUT, capsize=4)
            else:
                axes.fill_between(tokens, gain - error, gain + error, color=_HELD_OUT, alpha=0.25)
            text = f"{gain[-1]:+.3f} ± {error[-1]:.3f} on {known[-1].get('documents')} documents"
            axes.set_title(text, loc="right", fontsize=10, color=_HELD_OUT)
        _finish(axes, "not measured yet")

    def _draw_retrieval(self, axes: "Axes") -> None:
        trained = line_of(self.steps, "retrieval_top1")
        _draw_trained(axes, trained, _TRAINED, label="in the batch")
        held_out = line_of(self.evaluations, "retrieval_top1")
        _draw_held_out(axes, held_out, _HELD_OUT, label="held out")
        pairs = [e["pairs"] for e in self.evaluations if e.get("pairs")]
        if len(held_out[0]):
            axes.axhline(
                1 / pairs[-1], color=_GREY, linestyle=":", label=f"chance, 1 of {pairs[-1]}"
            )
        axes.set_ylim(0, 1.03)
        axes.yaxis.set_major_formatter(_percent())
        _finish(axes, "no pairs")

    def _draw_gates(self, axes: "Axes") -> None:
        from matplotlib import colormaps

        names = [str(name).rpartition(".") for name in keys_of(self.steps, "gates")]
        layers = sorted({layer for layer, _, _ in names}, key=lambda name: (len(name), name))
        if names:
            axes.axhline(0, color=_GREY, linewidth=1)
        named = {0, len(layers) // 2, len(layers) - 1} if len(layers) > 4 else set(range(4))
        for layer, _, part in names:
            number = layers.index(layer)
            colour = colormaps["viridis"](0.85 * number / max(1, len(layers) - 1))
            line = thinned(line_of(self.steps, "gates", f"{layer}.{part}"))
            style, dot = ("-", "o") if part == "attention" else ("--", "s")
            label = f"layer {layer}, {_words(part)}" if number in named else None
            axes.plot(
                *line, style, color=colour, linewidth=1.8, marker=_dot(line, dot), label=label
            )
        _finish(axes, "no step yet", columns=2)

    def _draw_norm(self, axes: "Axes") -> None:
        line = line_of(self.steps, "grad_norm")
        _draw_trained(axes, line, _TRAINED)
        highest = (self.recipe.get("optimizer") or {}).get("max_grad_norm")
        if highest is not None and len(line[0]):
            label = f"cut to {highest:g}"
            axes.axhline(highest, color=_GREY, linestyle=":", label=label)
        positive = line[1][line[1] > 0]
        if len(positive) and positive.max() > 100 * positive.min():
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
        else:
            axes.set_ylim(bottom=0)
        self._mark_skipped(axes)
        _finish(axes, "no step yet")

    def _draw_one(
        self, axes: "Axes", name: str, *, smooth: bool = True, missing: str = "no step yet"
    ) -> None:
        _draw_trained(axes, line_of(self.steps, name), _TRAINED, smooth=smooth)
        axes.set_ylim(bottom=0)
        _finish(axes, missing)

    def _mark_skipped(self, axes: "Axes") -> None:
        """Mark steps that were not taken, at the lower edge."""
        if self.skipped:
            label = f"skipped, not finite ({len(self.skipped):,})"
            axes.plot(
                self.skipped,
                np.zeros(len(self.skipped)),
                "x",
                color=_BAD,
                transform=axes.get_xaxis_transform(),
                clip_on=False,
                label=label,
            )


def _draw_trained(
    axes: "Axes", line: Line, colour: str, *, label: str | None = None, smooth: bool = True
) -> None:
    """Draw the mean of neighbouring steps, and each step in a light colour below it."""
    if not len(line[0]):
        return
    if smooth and len(line[0]) > _FEW:
        axes.plot(*thinned(line), color=colour, linewidth=0.8, alpha=0.25)
    thin = thinned(smoothed(line) if smooth else line)
    axes.plot(*thin, color=colour, linewidth=2, marker=_dot(thin), label=label)


def _draw_held_out(axes: "Axes", line: Line, colour: str, *, label: str | None) -> None:
    if len(line[0]):
        style = "--o" if len(line[0]) <= _FEW else "--"
        thin = thinned(line)
        axes.plot(*thin, style, color=colour, linewidth=1.2, markeredgecolor="white", label=label)


def _dot(line: Line, marker: str = "o") -> str:
    """Return the marker of a line: few points could not be seen without."""
    return marker if len(line[0]) <= 3 else ""


def _finish(axes: "Axes", missing: str, *, columns: int = 1) -> None:
    """Add the legend, or say why the panel is empty."""
    if not axes.lines:
        axes.text(0.5, 0.5, missing, transform=axes.transAxes, ha="center", color=_GREY)
        axes.set_xticks([])
        axes.set_yticks([])
    elif axes.get_legend_handles_labels()[0]:
        axes.legend(framealpha=0.85, edgecolor="none", fontsize=9, ncols=columns)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _short(count: float, _place: float = 0) -> str:
    """Write 20000 as 20k and 3500000 as 3.5M; as matplotlib calls a formatter."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(count) >= size:
            return f"{count / size:.3g}{letter}"
    return f"{count:.3g}"


def _percent() -> "Formatter":
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1.0, decimals=0)
