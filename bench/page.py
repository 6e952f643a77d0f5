"""What every page of figures says of the machine, tables, and plots as SVG."""

import datetime
import html
import os
import platform
import subprocess

from servers import ROOT


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as cpus:
        model = next((line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def environment(servers):
    """Lines about date, machine and the servers with their versions and flags."""
    return [f"- {datetime.date.today()}, commit {commit()}; {machine()}",
            *(f"- {server.name}: {server.version()}; started as `{server.command_line()}`" for server in servers)]


def table(heads, rows):
    """Markdown; a head that begins with '<' is of text, the others of numbers."""
    lines = ["| " + " | ".join(head.lstrip("<") for head in heads) + " |",
             "|" + "|".join("---" if head.startswith("<") else "--:" for head in heads) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def number(value):
    """Three digits that matter, thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


BAR, GAP, LEFT, WIDTH, RIGHT = 13, 9, 250, 520, 80
COLOURS = {"tusk": "#1f6f54", "redis": "#b5443a", "echo": "#9a9a9a", "memcached": "#5b7fb5", "valkey": "#7a5ba8", "pogocache": "#b58a2e",
           "keydb": "#4a9aa5", "dragonfly": "#7d7d3a"}


def plot(title, unit, groups, line=None):
    """Bars as SVG. `groups`: [(label, {series: value})]; `line`: a value to mark in all of them."""
    names = list(dict.fromkeys(name for _, values in groups for name in values))
    largest = max([value for _, values in groups for value in values.values()] + [line or 0])
    scale = WIDTH / largest
    parts, y = [], 58
    for label, values in groups:
        middle = y + BAR * len(values) / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{html.escape(label)}</text>')
        for name, value in values.items():
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{max(value * scale, 1):.1f}" height="{BAR - 2}" fill="{COLOURS.get(name, "#555")}"/>')
            parts.append(f'<text x="{LEFT + value * scale + 4:.1f}" y="{y + BAR - 3}" class="n">{number(value)}</text>')
            y += BAR
        y += GAP
    legend, x = [], LEFT
    for name in names:
        legend.append(f'<rect x="{x}" y="34" width="11" height="11" fill="{COLOURS.get(name, "#555")}"/><text x="{x + 15}" y="44">{name}</text>')
        x += 30 + 8 * len(name)
    if line:
        at = LEFT + line * scale
        parts.append(f'<line x1="{at:.1f}" y1="54" x2="{at:.1f}" y2="{y}" stroke="#444" stroke-dasharray="3 3"/>')
    style = "text{font:12px sans-serif;fill:#333}.n{font-size:10px;fill:#666}.t{font-size:14px;font-weight:bold}"
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{y + 8}" role="img">',
                      f"<style>{style}</style>", '<rect width="100%" height="100%" fill="#fff"/>',
                      f'<text x="8" y="20" class="t">{html.escape(title)}</text><text x="8" y="44">{html.escape(unit)}</text>',
                      *legend, *parts, "</svg>", ""])


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
