"""Plots time and memory for each pixel against the picture's side, one line for each network.

    venv/bin/python growth_plot.py growth.svg TITLE < lines of: network, side, ns a pixel, bytes a pixel
"""

import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

# The same numbers give the same file.
plt.rcParams |= {"svg.hashsalt": "growth", "svg.fonttype": "none"}

output, title = sys.argv[1:]
networks: dict[str, list[list[float]]] = {}
for line in sys.stdin:
    network, *numbers = line.split()
    networks.setdefault(network, []).append([float(number) for number in numbers])
sides = sorted({row[0] for rows in networks.values() for row in rows})

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
labels = ("nanoseconds per evaluation and pixel", "peak bytes per pixel")
for column, (axis, label) in enumerate(zip(axes, labels), start=1):
    for network, rows in networks.items():
        axis.plot([row[0] for row in rows], [row[column] for row in rows], marker="o", label=network)
    axis.set_xscale("log", base=2)
    axis.set_xticks(sides, [f"{side:.0f}" for side in sides])
    axis.set_ylim(0, 1.1 * max(row[column] for rows in networks.values() for row in rows))
    axis.set_xlabel("side of the picture in pixels")
    axis.set_ylabel(label)
    axis.grid(alpha=0.3)
    axis.legend()
figure.suptitle(title)
figure.savefig(output, metadata={"Date": None})
