"""Ratios to the best peer as an SVG of bars on a logarithmic scale."""
import html
import math

import goals
import results
import table

WIDTH, LEFT, BAR, TOP = 860, 400, 22, 46


def ratios(found):
    """(title, ratio, goal or None) of each figure that has a peer."""
    rows = []
    for figure in goals.FIGURES:
        result = found.get(figure.name)
        best = result.best_peer(figure) if result else None
        ratio = results.paired(figure, result, best) if best else None
        if ratio and math.isfinite(ratio):
            wanted = [goal.bound for goal in figure.must if goal.kind == "times"]
            title = f"{figure.row}. {figure.title}, beside {table.NAMES[best]}"
            rows.append((title, ratio, wanted[0] if wanted else None))
    return rows


def text(x, y, words, anchor="start", size=12):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">'
            f"{html.escape(words)}</text>")


def svg(found):
    rows = ratios(found)
    most = max([ratio for _, ratio, _ in rows] + [goal for *_, goal in rows if goal] + [10])
    least = min([ratio for _, ratio, _ in rows] + [1])
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))

    def place(ratio):
        return LEFT + (WIDTH - LEFT - 60) * (math.log10(ratio) - low) / (high - low)
    height = TOP + BAR * len(rows) + 20
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
             '<rect width="100%" height="100%" fill="#ffffff"/>',
             text(10, 18, "Twinzone beside the best other server: so many times as good", size=14)]
    for power in range(low, high + 1):
        x = place(10 ** power)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 14}" '
                     'stroke="#c8c8c8"/>')
        parts.append(text(x, TOP - 12, f"{10.0 ** power:g}", "middle", 11))
    for index, (title, ratio, goal) in enumerate(rows):
        y = TOP + BAR * index
        good = goal is None or ratio >= goal
        start, end = sorted((place(1), place(ratio)))
        parts.append(text(LEFT - 8, y + 14, title, "end", 11))
        parts.append(f'<rect x="{start:.1f}" y="{y + 3}" width="{max(end - start, 1):.1f}" '
                     f'height="{BAR - 8}" fill="{"#2f7d4f" if good else "#b8622b"}"/>')
        parts.append(text(end + 5, y + 14, table.number(ratio), size=11))
        if goal:
            parts.append(f'<line x1="{place(goal):.1f}" y1="{y + 1}" x2="{place(goal):.1f}" '
                         f'y2="{y + BAR - 3}" stroke="#222222" stroke-width="2"/>')
    return "\n".join([*parts, "</svg>", ""])
