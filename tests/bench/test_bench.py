"""What the bench makes of results: goals, ratios, table, plot, options. Nothing is measured."""
import os
import sys
import xml.etree.ElementTree

import pytest

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

import content  # noqa: E402
import gauges  # noqa: E402
import goals  # noqa: E402
import material  # noqa: E402
import plot  # noqa: E402
import results  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402
import unit_plan  # noqa: E402
from results import FLOOR, OURS  # noqa: E402
from rows import ROWS  # noqa: E402


def result(figure, values, **more):
    return results.Result(figure, "1,000 records", values, "made up", "short",
                          "2026-01-02T03:04:05Z", "2 cores", "abc1234", **more)


def verdicts(name, values):
    figure, found = goals.BY_NAME[name], result(name, values)
    return (results.all_reached(figure, found, figure.must),
            results.all_reached(figure, found, figure.aim))


@pytest.mark.parametrize("name, values, must, aim", [
    ("axfr-1", {OURS: [10], "knot": [2], FLOOR: [11]}, True, True),
    ("axfr-1", {OURS: [10], "knot": [2.1], FLOOR: [12]}, False, False),
    ("axfr-1", {OURS: [10]}, None, None),
    ("load", {OURS: [1], "knot": [6], "bind": [9]}, True, True),  # less is better
    ("load", {OURS: [1], "knot": [2.9], "bind": [9]}, False, False),
    ("restart", {OURS: [50, 9, 60]}, True, False),
    ("scan", {OURS: [900], results.LIBRARY: [300]}, True, False),
    ("change-1", {OURS: [0.2], "knot": [2.4]}, True, False),  # 12 x, but not 0.15 s
    ("many-sync", {OURS: [7.5], "nsd": [100]}, False, None),
])
def test_goals_are_judged_by_medians_and_the_best_peer(name, values, must, aim):
    assert verdicts(name, values) == (must, aim)


def test_a_ratio_is_the_median_of_the_ratios_within_each_turn():
    figure = goals.BY_NAME["load"]
    found = result("load", {OURS: [1, 2, 1], "knot": [4, 4, 5]})
    assert results.paired(figure, found, "knot") == 4  # of 4, 2, 5


def test_the_best_peer_is_the_fastest_one():
    rates = result("axfr-1", {OURS: [9], "nsd": [2], "knot": [3], FLOOR: [99]})
    times = result("load", {OURS: [1], "nsd": [2], "knot": [3]})
    assert rates.best_peer(goals.BY_NAME["axfr-1"]) == "knot"
    assert times.best_peer(goals.BY_NAME["load"]) == "nsd"


def test_the_newest_result_of_a_figure_counts(tmp_path):
    path = tmp_path / "results.jsonl"
    for value in (5, 7):
        results.write(path, result("restart", {OURS: [value]}))
    results.write(path, result("disk", {OURS: [60]}))
    found = results.read(path)
    assert found["restart"].values == {OURS: [7]}
    assert set(found) == {"restart", "disk"}
    assert results.read(tmp_path / "none") == {}


FOUND = {"axfr-1": result("axfr-1", {OURS: [10], "knot": [2], FLOOR: [11]}),
         "load": result("load", {OURS: [1], "knot": [2], "bind": [4]}, note="a <note>"),
         "restart": result("restart", {OURS: [20]}, load=3.2)}


def test_the_table_has_a_line_for_each_result_and_a_column_for_each_server():
    lines = table.markdown(FOUND).splitlines()
    assert lines[0] == ("| # | what | of | Twinzone | BIND 9.18 | Knot 3.2 | floor | ratio | must "
                        "| aim |")
    assert lines[2].startswith("| 1 | AXFR out, 1 client, ")
    assert lines[2].endswith("| 10 | – | 2 | 11 | 5 x Knot 3.2, 91% of the floor | 5 x ✓ "
                             "| 85% of the floor ✓ |")
    assert "| 2 x Knot 3.2 | 3 x ✗ | 6 x ✗ |" in lines[3]
    assert lines[4].endswith("| 20 | – | – | – |  | at most 50 ms ✓ | at most 10 ms ✗ |")
    assert all(line.count("|") == lines[0].count("|") for line in lines[:5])
    assert ("Rows 1, 5, 7: 2026-01-02, 2 cores, load average 0 to 3 (the bench's own with it), "
            "commit abc1234") in table.markdown(FOUND)
    assert "Row 5, zone file to served and durable, empty store: a <note>." in table.markdown(FOUND)


def test_the_plot_is_svg_with_a_bar_for_each_result_with_a_peer():
    root = xml.etree.ElementTree.fromstring(plot.svg(FOUND))
    bars = [each for each in root if each.tag.endswith("rect") and each.get("height") != "100%"]
    assert root.tag.endswith("svg") and len(bars) == 2
    assert xml.etree.ElementTree.fromstring(plot.svg({})).tag.endswith("svg")


def test_every_figure_is_measured_by_one_row_and_numbered():
    measured = [figure for row in ROWS.values() for figure in row.FIGURES]
    assert sorted(measured) == sorted(goals.BY_NAME)
    assert {figure.row for figure in goals.FIGURES} == {str(row) for row in range(1, 21)}


def test_options_are_checked(capsys):
    options = run.parser().parse_args(["--short", "--rows", "load,scan", "--peers", ""])
    assert (options.short, options.rows, options.peers) == (True, ["load", "scan"], [])
    assert run.parser().parse_args([]).rows == list(ROWS)
    for wrong in (["--rows", "lod"], ["--peers", "twinzone"], ["--runs", "many"]):
        with pytest.raises(SystemExit):
            run.parser().parse_args(wrong)
    assert "no row 'lod'" in capsys.readouterr().err


def test_the_table_alone_measures_nothing(tmp_path, capsys):
    for found in FOUND.values():
        results.write(tmp_path / "results.jsonl", found)
    assert run.main(["--table", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("| # |")
    assert (tmp_path / "table.md").read_text("utf-8").startswith("| # |")
    assert (tmp_path / "plot.svg").read_text("utf-8").startswith("<svg")


def test_the_table_takes_the_place_of_the_one_before(tmp_path, capsys):
    results.write(tmp_path / "results.jsonl", FOUND["load"])
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\n| old |\n{table.END}\nafter\n", "utf-8")
    assert run.main(["--table", "--out", str(tmp_path), "--into", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.startswith(f"before\n{table.BEGIN}\n| # |") and "old" not in text
    assert text.endswith(f"{table.END}\nafter\n")
    with pytest.raises(ValueError):
        table.replaced("no marks", "| # |")
    assert capsys.readouterr().out


def test_content_is_compared_whatever_order_and_case_of_names():
    lines = [b"a.test. 60 IN A 192.0.2.1\n", b"B.test.\t60 IN NS\tNS1.test.\n", b"; remark\n",
             b"c.test. 60 IN TXT \"Aa\"\n", b"d.test. 60 IN AAAA 2001:db8:0::4\n"]
    other = [b"c.test. 60 IN TXT \"Aa\"\n", b"b.test. 60 IN NS ns1.test.\n",
             b"a.test. 60 IN A 192.0.2.1\n", b"d.test. 60 IN AAAA 2001:db8::4\n"]
    assert content.of_lines(lines) == content.of_lines(other)
    assert content.of_lines(lines)[1] == 4
    changed = [other[0].replace(b"Aa", b"aa"), *other[1:]]
    assert content.of_lines(changed) != content.of_lines(other)


def test_a_serial_is_read_from_an_answer():
    question = b"\0\1" + gauges.soa_question("a.test.")
    assert gauges.serial_in(question) is None
    answer = bytearray(question + b"\xc0\x0c\0\6\0\1\0\0\0\x3c\0\x18\xc0\x0c\xc0\x0c"
                       + b"\0\0\1\2" + b"\0" * 16)
    answer[7] = 1
    assert gauges.serial_in(bytes(answer)) == 258
    answer[3] = 2  # SERVFAIL
    assert gauges.serial_in(bytes(answer)) is None
    assert gauges.serial_in(b"\0\1") is None


def test_a_zone_takes_another_serial_in_its_first_line_alone(tmp_path):
    zone = tmp_path / "zone"
    zone.write_text("x. 900 IN SOA ns1.x. h.x. 1 1800 900 604800 900\nx. 900 IN NS ns1.x.\n")
    material.copy_with_serial(zone, tmp_path / "next", 7)
    assert (tmp_path / "next").read_text() == zone.read_text().replace(" 1 1800", " 7 1800")
    material.copy_with_serial(zone, tmp_path / "next", 7, refresh=1)
    assert " 7 1 900 " in (tmp_path / "next").read_text()


def test_small_zones_have_names_of_their_own():
    assert len({material.small_name(number) for number in range(100_000)}) == 100_000
    assert material.thousand_records(3).count("\n") == 1002


def made_up_units():
    """Every unit is 1 us, 1 octet or 1, at 1,000 zones."""
    units = {name: 1e-6 if form is unit_plan._us else 1 for _, name, form in unit_plan.UNITS}
    return {**units, "zones": 1000, "count": 100, "runs": 1, "paced_rate": 200}


def test_a_plan_multiplies():
    units = made_up_units()
    source = unit_plan.tier(units, 1_000_000, 10, 1000, True)
    assert source["cores for changes"] == pytest.approx(1000 * (1 + 10) / 1e6)
    assert source["NOTIFY/s out"] == 10_000
    assert source["NIC Mbit/s"] == pytest.approx(10_000 * 8 / 1e6)
    assert source["SOA checks/s in, refresh 1 h"] == pytest.approx(10 * 1_000_000 / 3600)
    assert source["memory GB"] == pytest.approx(1e6 * (1 + 9) / 1e9)
    relay = unit_plan.tier(units, 1_000_000, 10, 1000, False)
    assert relay["NIC Mbit/s"] == pytest.approx(11_000 * 8 / 1e6)  # and from above
    assert unit_plan.tier(units, 1_000_000, 0, 1000, False)["NOTIFY/s out"] == 0


def test_unit_costs_and_plan_are_tables():
    units = made_up_units()
    assert unit_plan.units_table(units).count("\n| ") == len(unit_plan.UNITS) + 1
    rows = unit_plan.table(units, 1_000_000, 100, 1000).splitlines()
    assert len({row.count("|") for row in rows if row.startswith("|")}) == 1
