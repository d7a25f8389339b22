"""What unit costs (unit_costs.py) make of a fleet, as tables in Markdown. Arithmetic only."""

MICRO = 1e6
RELAYS = 10
REFRESH = (3600, 86400)


def _us(value):
    return f"{value * MICRO:,.0f} us"


def _octets(value):
    return f"{value:,.0f} B"


UNITS = (
    ("memory of a zone, primary", "memory_primary", _octets),
    ("… secondary", "memory_secondary", _octets),
    ("… more for each secondary that is told of it", "memory_edge", _octets),
    ("memory of a zone, primary that was restarted", "memory_restarted", _octets),
    ("… more for each secondary", "memory_edge_restarted", _octets),
    ("store of a zone, primary", "store_primary", _octets),
    ("… secondary", "store_secondary", _octets),
    ("… more for each change", "store_change", _octets),
    ("CPU at rest, a second, primary", "rest_cpu_primary", _us),
    ("… secondary", "rest_cpu_secondary", _us),
    ("connections at rest", "rest_connections", "{:.0f}".format),
    ("a SOA check: CPU, primary", "check_cpu_primary", _us),
    ("… secondary", "check_cpu_secondary", _us),
    ("… octets both ways", "check_octets", _octets),
    ("a change: CPU of the primary itself (file, difference, commit)", "paced_own_cpu", _us),
    ("… where many come at once", "burst_own_cpu", _us),
    ("… of the primary for each secondary", "paced_edge_cpu_primary", _us),
    ("… where many come at once", "burst_edge_cpu_primary", _us),
    ("… of a secondary", "paced_cpu_secondary", _us),
    ("… where many come at once", "burst_cpu_secondary", _us),
    ("of that the loop thread's, many at once: primary itself", "burst_own_loop", _us),
    ("… for each secondary", "burst_edge_loop_primary", _us),
    ("… a secondary", "burst_loop_secondary", _us),
    ("… octets of an edge, both ways", "paced_octets", _octets),
    ("… packets of an edge", "paced_packets", "{:.1f}".format),
    ("… connections opened", "paced_connections", "{:.0f}".format),
    ("… connections where many come at once", "burst_connections", "{:.0f}".format),
    ("… syncs at 20 a second, primary", "syncs_primary_slow", "{:.2f}".format),
    ("… secondary", "syncs_secondary_slow", "{:.2f}".format),
    ("… syncs where many come at once, primary", "syncs_primary", "{:.2f}".format),
    ("… secondary", "syncs_secondary", "{:.2f}".format),
    ("… changes a second, all at once, to one secondary on this machine", "burst_rate",
     "{:,.0f}".format),
    ("first sync of a zone: time", "sync_seconds", _us),
    ("… CPU, primary", "sync_cpu_primary", _us),
    ("… CPU, secondary", "sync_cpu_secondary", _us),
    ("… octets", "sync_octets", _octets),
)


def units_table(units):
    lines = [f"{units['zones']:,} zones, {units['count']:,} changes at "
             f"{units['paced_rate']:,.0f} a second, medians of {units['runs']}.", "",
             "| of | |", "|---|---|"]
    lines += [f"| {title} | {form(units[name])} |" for title, name, form in UNITS]
    return "\n".join(lines) + "\n"


def tier(units, zones, below, changes, is_source):
    """What one server spends: CPU in cores, Mbit/s, syncs a second, memory and store in octets."""
    own = units["burst_own_cpu" if is_source else "burst_cpu_secondary"]
    cpu = changes * (own + below * units["burst_edge_cpu_primary"])
    edges = below + (0 if is_source else 1)
    of = "primary" if is_source else "secondary"
    own_loop = units["burst_own_loop" if is_source else "burst_loop_secondary"]
    out = {"cores for changes": cpu,
           "of them its loop thread": changes * (own_loop + below *
                                                 units["burst_edge_loop_primary"]),
           "NIC Mbit/s": changes * edges * units["paced_octets"] * 8 / 1e6,
           "NOTIFY/s out": changes * below,
           "syncs/s": changes * units[f"syncs_{of}"],
           "memory GB": zones * (units[f"memory_{of}"] +
                                 max(0, below - is_source) * units["memory_edge"]) / 1e9,
           "… after a restart": zones * (units["memory_restarted" if is_source else
                                               "memory_secondary"] + max(0, below - is_source) *
                                         units["memory_edge_restarted"]) / 1e9,
           "store GB": zones * units[f"store_{of}"] / 1e9,
           "cores at rest": units[f"rest_cpu_{of}"] * zones / units["zones"]}
    for refresh in REFRESH:
        checks = zones / refresh
        own = 0 if is_source else checks * units["check_cpu_secondary"]
        hours = refresh // 3600
        out[f"SOA checks/s in, refresh {hours} h"] = checks * below
        out[f"… cores, {hours} h"] = checks * below * units["check_cpu_primary"] + own
    return out


def table(units, zones, secondaries, changes):
    per_relay = secondaries // RELAYS
    columns = {f"flat: primary, {secondaries} below": tier(units, zones, secondaries, changes, True),
               f"tiers: primary, {RELAYS} below": tier(units, zones, RELAYS, changes, True),
               f"relay, {per_relay} below": tier(units, zones, per_relay, changes, False),
               "leaf": tier(units, zones, 0, changes, False)}
    first = next(iter(columns.values()))
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    lines += [f"| {name} | " + " | ".join(f"{column[name]:,.2f}" for column in columns.values()) +
              " |" for name in first]
    sync = zones * max(units["sync_seconds"], units["sync_cpu_primary"])
    lines += ["", f"First sync of a new secondary: {sync / 60:,.0f} minutes, "
              f"{zones * units['sync_octets'] / 1e9:,.1f} GB, of its upstream "
              f"{zones * units['sync_cpu_primary']:,.0f} s of CPU."]
    return "\n".join(lines) + "\n"
