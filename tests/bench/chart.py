"""Draws the charts of docs/performance.md as small SVG files: the same figures, the same bytes."""
import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot                   # noqa: E402

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "mod_auth_bearer",
                            "font.family": "sans-serif", "font.size": 9,
                            "axes.spines.top": False, "axes.spines.right": False})

LABELS = {"none": "httpd alone", "basic": "mod_auth_basic", "bearer": "mod_auth_bearer",
          "oauth2": "mod_oauth2", "openidc": "mod_auth_openidc", "haproxy": "haproxy"}
TONES = {"none": "#777777", "basic": "#b08d57", "bearer": "#1f6feb", "oauth2": "#d9822b",
         "openidc": "#2b9a66", "haproxy": "#8a63d2"}
BASE = "#cccccc"
MIB = 2 ** 20


def save(figure, path):
    figure.savefig(path, bbox_inches="tight", facecolor="white",
                   metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def bars(path, title, groups):
    """groups: (name, [(peer, microseconds, microseconds of the base, ratio)]): a bar for each
    peer, of which the grey part is what the same server needs without checking."""
    places, names, place = [], [], 0.0
    height = sum(len(rows) for _, rows in groups) * 0.24 + len(groups) * 0.16 + 0.9
    figure, axes = pyplot.subplots(figsize=(7.5, height))
    for group, rows in groups:
        for peer, us, base, ratio in rows:
            axes.barh(place, min(base, us), height=0.8, facecolor=BASE)
            axes.barh(place, max(0.0, us - base), left=base, height=0.8, facecolor=TONES[peer])
            axes.text(us, place, f" {us:.0f} \u00b5s, {ratio:.2f}\u00d7", va="center", fontsize=8)
            places.append(place)
            names.append(f"{group}  {LABELS[peer]}".strip())
            place += 1
        place += 0.7
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_xlim(left=0)
    axes.set_xlabel("processor time of a request, \u00b5s; grey: the same server, nothing checked")
    axes.set_title(title, loc="left")
    save(figure, path)


def lines(path, title, series):
    """series: {peer: [(tokens, bytes)]}: memory over the tokens sent."""
    figure, axes = pyplot.subplots(figsize=(7.5, 2.8))
    for peer, points in series.items():
        axes.plot([tokens / 1000 for tokens, _ in points], [size / MIB for _, size in points],
                  marker="o", markersize=3, c=TONES[peer], label=LABELS[peer])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("different tokens so far, thousands")
    axes.set_ylabel("memory of all children, MiB")
    axes.set_title(title, loc="left")
    axes.legend(frameon=False)
    save(figure, path)
