"""The table of the README, in Markdown, from results."""
import goals
import results
from results import FLOOR, OURS

NAMES = {"bind": "BIND 9.18", "nsd": "NSD 4.6", "knot": "Knot 3.2", "powerdns": "PowerDNS 4.7",
         "ixfrdist": "ixfrdist 4.7", results.LIBRARY: "libzscanner", FLOOR: "floor"}


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def value_of(result, who):
    return number(result.median(who)) if result.values.get(who) else "–"


def verdict(figure, result, wanted):
    """A goal in words, and whether it is reached."""
    if not wanted:
        return ""
    said = results.all_reached(figure, result, wanted)
    mark = {True: " ✓", False: " ✗", None: " ?"}[said]
    return ", ".join(goal.words(figure.unit) for goal in wanted) + mark


def ratio_words(figure, result):
    best = result.best_peer(figure)
    words = []
    if best:
        words.append(f"{number(results.paired(figure, result, best))} x {NAMES[best]}")
    if result.values.get(FLOOR):
        words.append(f"{results.paired(figure, result, FLOOR):.0%} of the floor")
    return ", ".join(words)


def line(figure, result, columns):
    cells = [figure.row, f"{figure.title}, {figure.unit}", result.size, value_of(result, OURS)]
    cells += [value_of(result, who) for who in columns]
    cells += [ratio_words(figure, result), verdict(figure, result, figure.must),
              verdict(figure, result, figure.aim)]
    return "| " + " | ".join(cells) + " |"


def markdown(found):
    """`found`: results by figure. Only servers that were measured have a column."""
    rows = [(figure, found[figure.name]) for figure in goals.FIGURES if figure.name in found]
    columns = [who for who in (*results.PEERS, FLOOR)
               if any(result.values.get(who) for _, result in rows)]
    head = ["#", "what", "of", "Twinzone", *(NAMES[who] for who in columns), "ratio", "must",
            "aim"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [line(figure, result, columns) for figure, result in rows]
    return "\n".join([*lines, "", *footnotes(rows), ""])


def spread(values):
    values = sorted({round(value) for value in values})
    return f"{values[0]}" if len(values) == 1 else f"{values[0]} to {values[-1]}"


def footnotes(rows):
    """When, where and how; once for all rows that say the same."""
    grounds, notes = {}, []
    for figure, result in rows:
        runs = max((len(values) for values in result.values.values()), default=0)
        ground = (result.when[:10], result.machine, result.commit, result.form)
        grounds.setdefault(ground, []).append((figure.row, runs, result.load))
        if result.note:
            notes.append(f"Row {figure.row}, {figure.title}: {result.note}.")
    lines = []
    for (day, machine, commit, form), members in grounds.items():
        numbers = ", ".join(dict.fromkeys(row for row, *_ in members))
        lines.append(f"Rows {numbers}: {day}, {machine}, load average "
                     f"{spread(load for *_, load in members)} (the bench's own with it), commit "
                     f"{commit}, {form} form, medians of {spread(runs for _, runs, _ in members)} "
                     "runs in turn; ratios are medians of each turn's ratio.")
    return lines + notes


BEGIN, END = "<!-- tests/bench/run.py puts its table here -->", "<!-- end of the table -->"


def replaced(text, table_text):
    """`text` with another table between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"no {BEGIN} … {END} in it")
    return f"{before}{BEGIN}\n{table_text.rstrip()}\n{END}{after}"
