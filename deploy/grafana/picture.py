#!/usr/bin/env python3
"""Draws the board without a Grafana: dashboard.json's panels where it puts them, and in each what its own expressions
answer, asked of a Prometheus. Grafana's look is not imitated.

    pip install matplotlib
    deploy/grafana/picture.py http://127.0.0.1:9090 START END board.png      # seconds since 1970
"""
import json
import math
import pathlib
import re
import sys
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PROMETHEUS, START, END, FILE = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
STEP = max(1, math.ceil((END - START) / 240))
INK, QUIET, PAPER, CARD = "#d8d9da", "#8e8e93", "#111217", "#181b1f"
COLORS = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#37872d", "#fade2a", "#705da0"]
# A row of Grafana's grid is 30 pixels high and has 24 columns.
UNIT, WIDTH = 0.30, 16.0


def ask(what, **arguments):
    query = urllib.parse.urlencode(arguments)
    with urllib.request.urlopen(f"{PROMETHEUS}/api/v1/{what}?{query}") as answer:
        return json.load(answer)["data"]


def series(target):
    """What an expression answers over the time, with the legend of each."""
    # As Grafana has it: four times the interval of scrapes, which is set beside the data source.
    expression = target["expr"].replace("$__rate_interval", "20s")
    expression = re.sub(r'=~"\$\w+"', '=~".*"', expression)
    for one in ask("query_range", query=expression, start=START, end=END, step=STEP)["result"]:
        legend = target.get("legendFormat") or ""
        legend = re.sub(r"\{\{(\w+)\}\}", lambda name: one["metric"].get(name[1], ""), legend)
        points = [(float(at) - START, float(value)) for at, value in one["values"]]
        yield legend, [point for point in points if math.isfinite(point[1])]


def told(value, unit):
    """A value as the panel's unit has it."""
    if unit == "percentunit":
        return f"{value:.0%}"
    if unit == "s":
        if value >= 90:
            return f"{value / 60:.1f} min"
        return f"{value:.3g} s" if value >= 1 else f"{value * 1000:.3g} ms"
    if unit == "currencyUSD":
        return f"${value:.2f}"
    steps, most = (["", " Ki", " Mi", " Gi"], 1024) if unit in ("bytes", "Bps") else (["", "K", "M", "G"], 1000)
    if unit in ("none", "short") and abs(value) < 1000:
        return f"{value:.4g}"
    step = 0
    while abs(value) >= most and step < 3:
        value, step = value / most, step + 1
    return f"{value:.3g}{steps[step]}" + {"bytes": "B", "Bps": "B/s", "cps": "/s"}.get(unit, "")


def drawn(axes, panel):
    unit = panel["fieldConfig"]["defaults"].get("unit", "none")
    answers = [(legend, points) for target in panel["targets"] for legend, points in series(target) if points]
    axes.set_facecolor(CARD)
    axes.set_title(panel["title"], loc="left", fontsize=7.5, color=INK, pad=4)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if panel["type"] != "timeseries":
        axes.set_xticks([])
        axes.set_yticks([])
        lasts = [(legend, told(points[-1][1], unit)) for legend, points in answers]
        text = "\n".join(f"{legend} {last}".strip() for legend, last in lasts) or "No data"
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=17 if len(lasts) < 2 else 11, color=INK)
        return
    axes.tick_params(colors=QUIET, labelsize=6, length=0)
    axes.grid(color="#2c2f36", linewidth=0.5)
    axes.set_xlim(0, END - START)
    if not answers:
        axes.text(0.5, 0.5, "No data", transform=axes.transAxes, ha="center", va="center", color=QUIET, fontsize=9)
        return
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    below = {}
    for color, (legend, points) in zip(COLORS * 9, answers):
        bottom = [below.get(at, 0.0) if stacked else 0.0 for at, _ in points]
        top = [low + value for low, (_, value) in zip(bottom, points)]
        below.update({at: high for (at, _), high in zip(points, top)})
        at = [at for at, _ in points]
        axes.plot(at, top, color=color, linewidth=0.9, label=legend)
        axes.fill_between(at, bottom, top, color=color, alpha=0.35 if stacked else 0.06, linewidth=0)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(lambda at, _: f"{int(at) // 60}:{int(at) % 60:02}")
    axes.yaxis.set_major_formatter(lambda value, _: told(value, unit))
    if any(legend for legend, _ in answers):
        axes.legend(fontsize=5, labelcolor=QUIET, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.11), ncol=3)


def main():
    board = json.loads((pathlib.Path(__file__).parent / "dashboard.json").read_text())
    panels = board["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    height = rows * UNIT
    figure = plt.figure(figsize=(WIDTH, height), facecolor=PAPER)
    for panel in panels:
        grid = panel["gridPos"]
        top = 1 - grid["y"] * UNIT / height
        if panel["type"] == "row":
            figure.text(0.01, top - 0.6 * UNIT / height, panel["title"], color=INK, fontsize=10, weight="bold", va="center")
            continue
        plain = panel["type"] != "timeseries"
        left, right = grid["x"] / 24 + (0.008 if plain else 0.034), (grid["x"] + grid["w"]) / 24 - 0.008
        low = top - (grid["h"] - (0.25 if plain else 1.6)) * UNIT / height
        high = top - 0.8 * UNIT / height
        drawn(figure.add_axes((left, low, right - left, high - low)), panel)
    figure.savefig(FILE, dpi=100, facecolor=PAPER)


main()
