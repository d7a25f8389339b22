"""Series over time as an SVG: one panel under the other, each with its own scale."""
import html

WIDTH, PANEL, LEFT, RIGHT, GAP = 900, 130, 110, 20, 34
COLORS = ("#2f7d4f", "#2b5d9c", "#b8622b")


def _text(x, y, words, anchor="start"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="12">'
            f"{html.escape(words)}</text>")


def _panel(top, title, times, series):
    most = max([value for values in series.values() for value in values] + [1e-9])
    span = max(times[-1] - times[0], 1e-9)
    parts = [f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{PANEL}" '
             'fill="none" stroke="#c8c8c8"/>',
             _text(LEFT, top - 6, title), _text(LEFT - 8, top + 12, f"{most:,.1f}", "end"),
             _text(LEFT - 8, top + PANEL, "0", "end")]
    for index, (name, values) in enumerate(series.items()):
        points = " ".join(
            f"{LEFT + (WIDTH - LEFT - RIGHT) * (time - times[0]) / span:.1f},"
            f"{top + PANEL * (1 - value / most):.1f}" for time, value in zip(times, values))
        color = COLORS[index % len(COLORS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}"/>')
        parts.append(f'<g fill="{color}">'
                     f"{_text(WIDTH - RIGHT - 90 * index, top - 6, name, 'end')}</g>")
    return parts


def svg(title, times, panels):
    """`panels`: (title, {name: values, one for each time})."""
    height = 30 + len(panels) * (PANEL + GAP) + 20
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
             '<rect width="100%" height="100%" fill="#ffffff"/>', _text(10, 18, title)]
    for index, (name, series) in enumerate(panels):
        parts += _panel(44 + index * (PANEL + GAP), name, times, series)
    parts.append(_text(WIDTH - RIGHT, height - 6, f"{times[-1]:,.0f} s", "end"))
    return "\n".join([*parts, "</svg>", ""])
