#include "common/control/status_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "common/control/calendar.h"

namespace twinzone::control {

namespace {

// With more peers than this a line has their count instead of a column for each.
constexpr std::size_t kMaxPeerColumns = 4;
// A reason that has less room stands on a line of its own.
constexpr std::size_t kMinReasonWidth = 24;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kNothing = "-";

struct StateLook {
    int rank;  // 0 is shown first
    std::string_view color;
};

StateLook look_of(ZoneState state) noexcept {
    constexpr std::string_view kRed = "\x1b[31m";
    constexpr std::string_view kYellow = "\x1b[33m";
    constexpr std::string_view kGreen = "\x1b[32m";
    constexpr std::string_view kCyan = "\x1b[36m";
    switch (state) {
        case ZoneState::failed: return {0, kRed};
        case ZoneState::expired: return {1, kRed};
        case ZoneState::held: return {2, kRed};
        case ZoneState::stale: return {3, kYellow};
        case ZoneState::frozen: return {4, kYellow};
        case ZoneState::loading: return {5, kCyan};
        case ZoneState::transferring: return {6, kCyan};
        case ZoneState::current: return {7, kGreen};
    }
    return {0, kRed};
}

// Texts of the daemon may carry texts of peers: nothing of them reaches the terminal as a control.
std::string printable(std::string_view text) {
    std::string result{text};
    std::replace_if(
        result.begin(), result.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    // The C1 controls, in UTF-8.
    for (std::size_t at = result.find('\xc2'); at != std::string::npos;
         at = result.find('\xc2', at + 1)) {
        if (at + 1 < result.size() && static_cast<unsigned char>(result[at + 1]) < 0xa0) {
            result.replace(at, 2, 1, '?');
        }
    }
    return result;
}

bool starts_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

// At most `width` characters, the last an ellipsis where something is missing.
std::string cut(std::string_view text, std::size_t width) {
    if (width_of(text) <= width) {
        return std::string{text};
    }
    std::size_t at = 0;
    for (std::size_t count = 0; at < text.size(); ++at) {
        if (starts_character(text[at]) && ++count == width) {
            break;
        }
    }
    return std::string{text.substr(0, at)} + "…";
}

std::string or_nothing(const std::optional<seconds>& span) {
    return span ? span_in_words(*span) : std::string{kNothing};
}

std::string or_nothing(const std::optional<dns::Serial>& serial) {
    return serial ? std::to_string(serial->value()) : std::string{kNothing};
}

std::string age_in_words(const std::optional<UnixTime>& time, UnixTime now) {
    return time ? span_in_words(std::max(now - *time, seconds{0})) + " ago" : std::string{kNothing};
}

std::string peer_in_words(const PeerStatus& peer) {
    if (!peer.serial || !peer.lag) {
        return "unknown";
    }
    if (peer.lag->count() == 0) {
        return "in step";
    }
    return fmt::format("{}, {} behind", peer.serial->value(), span_in_words(*peer.lag));
}

// "127.0.0.1@53: serial 9 for 2 min".
std::string served_in_words(const ServedStatus& served, UnixTime now) {
    if (!served.serial) {
        return fmt::format("{}: no serial known", printable(served.server));
    }
    return fmt::format(
        "{}: serial {}{}", printable(served.server), served.serial->value(),
        served.since ? " for " + span_in_words(std::max(now - *served.since, seconds{0})) : "");
}

std::string with_thousands(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, 1, ',');
    }
    return text;
}

// "ns2 (192.0.2.2@53, key k1.): in step, seen 3 s ago; NOTIFY answered 4 s ago, …"
std::string peer_details(const PeerStatus& peer, UnixTime now) {
    std::string text = peer.remote;
    if (!peer.address.empty() && peer.address != peer.remote) {
        text += fmt::format(" ({}{}{})", peer.address, peer.key.empty() ? "" : ", key ", peer.key);
    }
    text += fmt::format(": {}, seen {}", peer_in_words(peer),
                        peer.last_contact ? age_in_words(peer.last_contact, now) : "never");
    std::string_view separator = "; ";
    const auto add = [&](std::string_view what, const std::optional<UnixTime>& time) {
        if (time) {
            text += fmt::format("{}{} {}", separator, what, age_in_words(time, now));
            separator = ", ";
        }
    };
    add("NOTIFY answered", peer.last_acknowledged);
    add("SOA asked", peer.last_soa_asked);
    add("transfer taken", peer.last_transfer);
    if (!peer.problem.empty()) {
        text += fmt::format("; {}", peer.problem);
    }
    return text;
}

std::string transfer_in_words(const TransferStatus& transfer) {
    if (transfer.committing) {
        return fmt::format("{} from {}, {} records, goes to disk", transfer.type, transfer.remote,
                           with_thousands(transfer.records));
    }
    return fmt::format("{} from {}, {} records, {} octets in {}, {} octets a second", transfer.type,
                       transfer.remote, with_thousands(transfer.records),
                       with_thousands(transfer.bytes), span_in_words(transfer.took),
                       with_thousands(transfer.bytes_per_second));
}

bool in_step(const PeerStatus& peer) noexcept {
    return peer.serial && peer.lag && peer.lag->count() == 0;
}

std::string colored(std::string_view text, ZoneState state, bool color) {
    return color ? fmt::format("{}{}\x1b[0m", look_of(state).color, text) : std::string{text};
}

struct Row {
    const ZoneStatus* zone = nullptr;
    std::vector<std::string> cells;  // without the reason
};

class Table {
  public:
    Table(const Status& status, const TableOptions& options) : options_(options) {
        find_peers(status);
        headings_ = {"ZONE", "STATE", "SERIAL", "LAG", "LAST OK", "EXPIRES"};
        headings_.insert(headings_.end(), peers_.begin(), peers_.end());
        if (counts_peers_) {
            headings_.emplace_back("PEERS IN STEP");
        }
        for (const ZoneStatus& zone : status.zones) {
            rows_.push_back({.zone = &zone, .cells = cells_of(zone)});
        }
        std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
            return look_of(a.zone->state).rank < look_of(b.zone->state).rank;
        });
        measure();
    }

    [[nodiscard]] std::string text() const {
        std::string result = line_of(headings_, nullptr) + (has_reasons() ? "REASON" : "");
        result.erase(result.find_last_not_of(' ') + 1);
        result += '\n';
        for (const Row& row : rows_) {
            result += line_of(row.cells, row.zone) + reason_of(*row.zone);
            result.erase(result.find_last_not_of(' ') + 1);
            result += '\n';
        }
        return result;
    }

  private:
    // Peers in the order in which zones name them.
    void find_peers(const Status& status) {
        for (const ZoneStatus& zone : status.zones) {
            for (const PeerStatus& peer : zone.peers) {
                const std::string name = printable(peer.remote);
                if (std::find(peers_.begin(), peers_.end(), name) != peers_.end()) {
                    continue;
                }
                peers_.push_back(name);
                if (peers_.size() > kMaxPeerColumns) {
                    peers_.clear();
                    counts_peers_ = true;
                    return;
                }
            }
        }
    }

    [[nodiscard]] std::vector<std::string> cells_of(const ZoneStatus& zone) const {
        std::vector<std::string> cells = {printable(zone.zone),
                                          std::string{to_string(zone.state)},
                                          or_nothing(zone.serial),
                                          or_nothing(zone.lag),
                                          age_in_words(zone.last_success, options_.now),
                                          or_nothing(zone.expires_in)};
        for (const std::string& name : peers_) {
            const auto peer = std::find_if(
                zone.peers.begin(), zone.peers.end(),
                [&](const PeerStatus& each) { return printable(each.remote) == name; });
            cells.push_back(peer != zone.peers.end() ? peer_in_words(*peer)
                                                     : std::string{kNothing});
        }
        if (counts_peers_) {
            const auto steady = std::count_if(zone.peers.begin(), zone.peers.end(), in_step);
            cells.push_back(zone.peers.empty() ? std::string{kNothing}
                                               : fmt::format("{}/{}", steady, zone.peers.size()));
        }
        return cells;
    }

    // A column in which nobody has anything to say gets no room.
    void measure() {
        widths_.assign(headings_.size(), 0);
        for (std::size_t i = 0; i < headings_.size(); ++i) {
            for (const Row& row : rows_) {
                if (row.cells[i] != kNothing) {
                    widths_[i] = std::max(widths_[i], width_of(headings_[i]));
                }
                widths_[i] = std::max(widths_[i], widths_[i] == 0 ? 0 : width_of(row.cells[i]));
            }
        }
        for (const std::size_t width : widths_) {
            table_width_ += width == 0 ? 0 : width + kGap.size();
        }
    }

    [[nodiscard]] std::string line_of(const std::vector<std::string>& cells,
                                      const ZoneStatus* zone) const {
        constexpr std::size_t kStateColumn = 1;
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (widths_[i] == 0) {
                continue;
            }
            line += zone != nullptr && i == kStateColumn
                        ? colored(cells[i], zone->state, options_.color)
                        : cells[i];
            line.append(widths_[i] - width_of(cells[i]), ' ');
            line += kGap;
        }
        return line;
    }

    [[nodiscard]] bool has_reasons() const {
        return std::any_of(rows_.begin(), rows_.end(),
                           [](const Row& row) { return !row.zone->reason.empty(); });
    }

    [[nodiscard]] std::string reason_of(const ZoneStatus& zone) const {
        std::string reason = printable(zone.reason);
        if (options_.width == 0 || table_width_ + width_of(reason) <= options_.width) {
            return reason;
        }
        if (table_width_ + kMinReasonWidth <= options_.width) {
            return cut(reason, options_.width - table_width_);
        }
        return fmt::format("\n{}{}", kGap,
                           cut(reason, std::max(options_.width, kMinReasonWidth) - kGap.size()));
    }

    const TableOptions& options_;
    std::vector<std::string> peers_;
    bool counts_peers_ = false;
    std::vector<std::string> headings_;
    std::vector<Row> rows_;
    std::vector<std::size_t> widths_;  // 0: the column is left out
    std::size_t table_width_ = 0;
};

std::string shared_line(const SharedStatus& shared) {
    return fmt::format("shared history: {}\n", in_words(shared));
}

// "3 zones: 1 expired, 2 current; worst lag 5 min; secondary 0.1.0, up 3 h".
std::string summary(const Status& status) {
    std::map<int, std::pair<ZoneState, std::uint64_t>> counts;
    std::optional<seconds> worst;
    for (const ZoneStatus& zone : status.zones) {
        auto& count = counts[look_of(zone.state).rank];
        count = {zone.state, count.second + 1};
        const auto take = [&](const std::optional<seconds>& lag) {
            worst = lag && (!worst || *lag > *worst) ? lag : worst;
        };
        take(zone.lag);
        for (const PeerStatus& peer : zone.peers) {
            take(peer.lag);
        }
    }
    std::string text = fmt::format("{} zone{}", with_thousands(status.zones.size()),
                                   status.zones.size() == 1 ? "" : "s");
    std::string_view separator = ": ";
    for (const auto& [rank, count] : counts) {
        text +=
            fmt::format("{}{} {}", separator, with_thousands(count.second), to_string(count.first));
        separator = ", ";
    }
    if (worst) {
        text += fmt::format("; worst lag {}", span_in_words(*worst));
    }
    text += fmt::format("; {} {}, up {}\n", printable(status.role), printable(status.version),
                        span_in_words(status.uptime));
    return status.shared ? text + shared_line(*status.shared) : text;
}

std::string field(std::string_view name, std::string_view value) {
    return value.empty() ? std::string{} : fmt::format("{:<9}{}\n", name, value);
}

// All there is to know about one zone, a fact a line.
std::string details(const ZoneStatus& zone, const TableOptions& options) {
    std::string text = field("zone", printable(zone.zone));
    text += field("state", colored(to_string(zone.state), zone.state, options.color));
    text += field("reason", printable(zone.reason));
    text += field("serial", or_nothing(zone.serial));
    text += field("digest", printable(zone.digest));
    if (zone.serial) {
        text += field("size", fmt::format("{} records, {} octets", with_thousands(zone.records),
                                          with_thousands(zone.wire_bytes)));
    }
    text += field("source", printable(zone.source));
    text += field("catalog", printable(zone.catalog));
    if (zone.members) {
        text += field("members", with_thousands(*zone.members));
    }
    if (zone.transfer) {
        text += field("transfer", printable(transfer_in_words(*zone.transfer)));
    }
    text += field("lag", zone.lag ? span_in_words(*zone.lag) : "");
    text +=
        field("last ok", zone.last_success
                             ? fmt::format("{} ({})", age_in_words(zone.last_success, options.now),
                                           to_rfc3339(*zone.last_success))
                             : "never");
    text += field("expires", zone.expires_in ? "in " + span_in_words(*zone.expires_in) : "");
    text +=
        field("refresh", zone.next_refresh_in ? "in " + span_in_words(*zone.next_refresh_in) : "");
    if (zone.served) {
        text += field("served", served_in_words(*zone.served, options.now));
    }
    for (const PeerStatus& peer : zone.peers) {
        text += field("peer", printable(peer_details(peer, options.now)));
    }
    return text;
}

}  // namespace

std::string in_words(const SharedStatus& shared) {
    std::string text =
        fmt::format("{}; this is {}, {}",
                    shared.leader.empty() ? std::string{"nobody known leads"}
                                          : fmt::format("{} leads", printable(shared.leader)),
                    printable(shared.name), printable(shared.role));
    text += shared.zones_behind == 0
                ? std::string{", no zone known behind"}
                : fmt::format(", {} zones behind", with_thousands(shared.zones_behind));
    if (!shared.connected) {
        text += shared.last_contact_age ? fmt::format("; PostgreSQL answered {} ago",
                                                      span_in_words(*shared.last_contact_age))
                                        : std::string{"; PostgreSQL has not answered yet"};
    }
    if (!shared.problem.empty()) {
        text += fmt::format(": {}", printable(shared.problem));
    }
    return text;
}

std::string to_table(const Status& status, const TableOptions& options) {
    if (status.zones.empty()) {
        return "no zones to show; " + summary(status);
    }
    if (status.zones.size() == 1) {
        return details(status.zones.front(), options) +
               (status.shared ? shared_line(*status.shared) : std::string{});
    }
    return Table{status, options}.text() + '\n' + summary(status);
}

}  // namespace twinzone::control
