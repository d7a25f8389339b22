"""examples/monitoring: Prometheus takes the rules, they fire when they should, and they and the
dashboard name only metrics that exist."""
import json
import os
import re
import subprocess
import urllib.request

import pytest
from harness import ports, zone_texts
from harness.programs import ROOT, Primary, pair
from harness.waiting import wait_for

FOLDER = os.path.join(ROOT, "examples", "monitoring")
ZONE = "example.test."
# Counted by reason: there is no series before there is a reason.
BY_REASON = {"twinzone_ixfr_fallbacks_total", "twinzone_tsig_errors_total",
             "twinzone_tls_errors_total", "twinzone_guard_holds_total"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def promtool(*words, text=None):
    return subprocess.run(["promtool", *words], cwd=FOLDER, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


def metrics_in(text):
    found = re.findall(r"\b(?:twinzone|process)_[a-z_]+(?=[{\[ ,)]|$)", text, re.M)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def metrics_used():
    rules = "\n".join(re.findall(r"expr: (.*)", read(FOLDER, "alerts.yaml")))
    panels = json.loads(read(FOLDER, "grafana.json"))["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    used = metrics_in(rules) | metrics_in("\n".join(queries))
    assert len(used) > 15
    return used


@pytest.mark.parametrize("words", [["check", "rules", "alerts.yaml"],
                                   ["check", "config", "prometheus.yaml"],
                                   ["test", "rules", "alerts_test.yaml"]])
def test_prometheus_takes_the_files(words):
    done = promtool(*words)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout


def test_every_alert_says_what_to_do():
    rules = read(FOLDER, "alerts.yaml")
    alerts = re.findall(r"- alert: Twinzone\w+\n(?:        .*\n)+", rules)
    assert len(alerts) > 10
    for alert in alerts:
        assert "severity:" in alert and "summary:" in alert and "action:" in alert, alert


def test_every_query_of_the_dashboard_is_promql(tmp_path):
    panels = json.loads(read(FOLDER, "grafana.json"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    rules = []
    for panel in panels:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
            rules.append({"record": f"panel:{panel['id']}",
                          "expr": query.replace("$zone", ".*")})
    path = tmp_path / "queries.yaml"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    done = promtool("check", "rules", "--lint=none", str(path))
    assert done.returncode == 0, done.stdout


def test_the_readme_tells_of_every_metric_used():
    readme = read(ROOT, "README.md")
    told = set(re.findall(r"`(twinzone_[a-z_]+)", readme))
    assert "`process_*`" in readme
    assert {name for name in metrics_used() - told if not name.startswith("process_")} == set()


def test_the_programs_show_every_metric_used(tmp_path, running, key):
    primary, secondary = pair(tmp_path, ZONE, zone_texts.small(1), key)
    pages = {}
    # PostgreSQL need not be there for the metrics of it to be.
    sharing = Primary(tmp_path / "sharing")
    sharing.serve_file(ZONE, zone_texts.small(1))
    sharing.configuration["store"]["shared"] = {
        "postgresql": f"host=127.0.0.1 port={ports.free_port()} dbname=none user=none",
        "name": "sharing"}
    servers = (primary, secondary, sharing)
    for server in servers:
        server.web = ports.free_port()
        server.configuration["web"] = {"listen": f"127.0.0.1@{server.web}"}
        running(server).start()
    secondary.wait_for_serial(ZONE, 1)
    primary.put(zone_texts.small(2))
    secondary.wait_for_serial(ZONE, 2)

    def shown():
        for server in servers:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.web}/metrics", timeout=10) as got:
                pages[server.web] = got.read().decode()
        return metrics_in("\n".join(pages.values()))
    used = metrics_used() - BY_REASON
    wait_for("every metric is shown", lambda: used <= shown(), 20)
    for text in pages.values():
        done = promtool("check", "metrics", text=text)
        assert done.returncode == 0 and done.stdout == "", done.stdout
