#include "tests/sim/model_postgresql.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/assert.h"

namespace twinzone::sim {

namespace {

using Arguments = std::vector<std::string>;
using Text = std::optional<std::string>;

Text text_of(std::int64_t number) {
    return fmt::to_string(number);
}

std::int64_t number_of(const std::string& text) {
    return std::stoll(text);
}

std::string from_digits(const std::string& digits) {
    return std::string{as_text(*shared::from_hex(digits))};
}

// What stands between the first pair of quotes.
std::string quoted(const std::string& argument) {
    const std::size_t first = argument.find('\'');
    return argument.substr(first + 1, argument.rfind('\'') - first - 1);
}

// "interval '6000 ms'", "interval '60 s'"
Duration interval_of(const std::string& argument) {
    const std::string span = quoted(argument);
    const std::int64_t count = number_of(span);
    return span.ends_with("ms") ? Duration{milliseconds{count}} : Duration{seconds{count}};
}

// Of a call: "a(b, c), 'd'" is two.
Arguments arguments_of(std::string_view text, std::size_t open) {
    Arguments found{std::string{}};
    int depth = 0;
    bool in_quotes = false;
    for (std::size_t i = open; i < text.size(); ++i) {
        const char c = text[i];
        in_quotes = in_quotes != (c == '\'');
        depth += in_quotes ? 0 : (c == '(' ? 1 : c == ')' ? -1 : 0);
        if (depth == 0) {
            break;
        }
        if (c == ',' && depth == 1 && !in_quotes) {
            found.emplace_back();
        } else if (i != open) {
            found.back() += c;
        }
    }
    return found;
}

TableEntry entry_of(const nlohmann::json& json) {
    TableEntry entry;
    entry.zone = from_digits(json.at("zone"));
    if (!json.at("from_serial").is_null()) {
        entry.from = TableMark{.serial = json.at("from_serial"), .digest = json.at("from_digest")};
    }
    entry.to = {.serial = json.at("to_serial"), .digest = json.at("to_digest")};
    entry.whole = json.at("whole");
    entry.first = json.at("first");
    entry.pages = json.at("pages");
    entry.bytes = json.at("bytes");
    entry.soa = json.at("soa");
    entry.source = from_digits(json.at("source"));
    return entry;
}

Limits limits_of(const Arguments& arguments, std::size_t first) {
    return {.versions = number_of(arguments.at(first)),
            .bytes = number_of(arguments.at(first + 1)),
            .age = interval_of(arguments.at(first + 2))};
}

ModelPostgresql::Answer answer_of(const std::optional<SqlError>& error, std::int64_t number) {
    return error ? ModelPostgresql::Answer{.rows = fail(Errc::internal, error->words),
                                           .state = error->state}
                 : ModelPostgresql::Answer{.rows = shared::Rows{{text_of(number)}}, .state = {}};
}

const std::string& parameter(const shared::Statement& statement, std::size_t number) {
    return statement.parameters.at(number - 1).value.value();
}

// shared::page_list() back.
std::vector<Bytes> pages_of(const std::string& octets) {
    ByteReader reader{as_bytes(octets)};
    const std::uint32_t dimensions = reader.u32();
    static_cast<void>(reader.bytes(8));  // flags, type
    std::vector<Bytes> pages(dimensions == 0 ? 0 : reader.u32());
    if (dimensions > 0) {
        static_cast<void>(reader.u32());  // from index 1 on
    }
    for (Bytes& page : pages) {
        const ByteView octets_of_page = reader.bytes(reader.u32());
        page.assign(octets_of_page.begin(), octets_of_page.end());
    }
    TWINZONE_ASSERT(!reader.failed() && reader.rest().empty());
    return pages;
}

shared::Rows rows_of(const std::vector<Bytes>& pages) {
    shared::Rows rows;
    rows.reserve(pages.size());
    for (const Bytes& page : pages) {
        rows.push_back({std::string{as_text(page)}});
    }
    return rows;
}

}  // namespace

void ModelPostgresql::stop(bool crash) {
    world_.count(crash ? "PostgreSQL crashes" : "PostgreSQL stops");
    is_up_ = false;
    ++epoch_;
    if (crash) {
        tables_.lose_relaxed();
    } else {
        tables_.make_lasting();
    }
}

void ModelPostgresql::start() {
    is_up_ = true;
}

ModelPostgresql::Answer ModelPostgresql::execute(const shared::Statement& statement) {
    const std::string_view text = statement.text;
    const auto has = [text](std::string_view what) { return text.find(what) != text.npos; };
    if (has("twinzone.stage(")) {
        return stage(statement);
    }
    if (has("WITH place AS")) {
        return position(statement);
    }
    if (has("JOIN twinzone.page")) {
        return step_pages(statement);
    }
    if (has("FROM twinzone.page")) {
        return pages(statement);
    }
    if (has("FROM twinzone.snapshot")) {
        return snapshot(statement);
    }
    if (has("FROM twinzone.zone")) {
        return heads(statement);
    }
    const std::size_t name = text.find("twinzone.") + 9;
    const std::size_t open = text.find('(', name);
    TWINZONE_ASSERT(open != text.npos);
    return call(text.substr(name, open - name), arguments_of(text, open));
}

ModelPostgresql::Answer ModelPostgresql::call(std::string_view name, const Arguments& arguments) {
    if (name == "hold_lease") {
        return hold_lease(arguments);
    }
    if (name == "wants_snapshot") {
        const std::vector<std::string> wanted =
            tables_.wants_snapshot(clock(), limits_of(arguments, 0));
        shared::Rows rows;
        rows.reserve(wanted.size());
        for (const std::string& zone : wanted) {
            rows.push_back({zone});
        }
        return {.rows = std::move(rows), .state = {}};
    }
    const std::string who = from_digits(quoted(arguments.at(0)));
    const std::int64_t had = number_of(arguments.at(1));
    if (name == "release_lease") {
        tables_.release_lease(clock(), who, had);
        tables_.make_lasting();
        return {.rows = shared::Rows{{Text{}}}, .state = {}, .notifies = true};
    }
    if (name == "append") {
        std::vector<TableEntry> entries;
        for (const nlohmann::json& each : nlohmann::json::parse(quoted(arguments.at(3)))) {
            entries.push_back(entry_of(each));
        }
        const std::optional<SqlError> error =
            tables_.append(clock(), who, had, number_of(arguments.at(2)), entries);
        Answer answer = answer_of(error, tables_.lease().last_sequence);
        answer.notifies = !error;
        return answer;
    }
    if (name == "put_snapshot") {
        const TableEntry entry = entry_of(nlohmann::json::parse(quoted(arguments.at(2))));
        return answer_of(tables_.put_snapshot(clock(), who, had, number_of(arguments.at(3)), entry),
                         0);
    }
    TWINZONE_ASSERT(name == "prune");
    return answer_of(tables_.prune(clock(), who, had, limits_of(arguments, 2)), 0);
}

ModelPostgresql::Answer ModelPostgresql::hold_lease(const Arguments& arguments) {
    const SharedTables::Lease lease =
        tables_.hold_lease(clock(), from_digits(quoted(arguments.at(0))),
                           number_of(arguments.at(1)), interval_of(arguments.at(2)));
    tables_.make_lasting();
    return {.rows = shared::Rows{{lease.is_ours ? "t" : "f", text_of(lease.row.token),
                                  lease.row.holder, text_of(lease.row.last_sequence)}},
            .state = {}};
}

ModelPostgresql::Answer ModelPostgresql::stage(const shared::Statement& statement) {
    const Text& blob = statement.parameters.at(0).value;
    const std::int64_t id =
        tables_.stage(clock(), blob ? std::optional{number_of(*blob)} : std::nullopt,
                      number_of(parameter(statement, 2)), pages_of(parameter(statement, 3)));
    return answer_of(std::nullopt, id);
}

ModelPostgresql::Answer ModelPostgresql::heads(const shared::Statement& statement) const {
    std::map<std::int64_t, shared::Row> found;  // by sequence
    for (const auto& [name, zone] : tables_.zones()) {
        if (zone.sequence > number_of(parameter(statement, 1))) {
            found[zone.sequence] = {name, text_of(zone.sequence), text_of(zone.mark.serial),
                                    zone.mark.digest};
        }
    }
    shared::Rows rows;
    rows.reserve(found.size());
    for (auto& [sequence, row] : found) {
        rows.push_back(std::move(row));
    }
    return {.rows = std::move(rows), .state = {}};
}

ModelPostgresql::Answer ModelPostgresql::position(const shared::Statement& statement) const {
    const std::string& name = parameter(statement, 1);
    const auto zone = tables_.zones().find(name);
    if (zone == tables_.zones().end()) {
        return {.rows = shared::Rows{}, .state = {}};
    }
    std::optional<TableMark> ours;
    if (statement.parameters.at(1).value) {
        ours = TableMark{.serial = number_of(parameter(statement, 2)),
                         .digest = parameter(statement, 3)};
    }
    const auto& versions = tables_.versions(name);
    std::int64_t place = -1;
    const auto known = [&](const std::optional<TableMark>& mark, std::int64_t number) {
        place = ours && mark == ours ? std::max(place, number) : place;
    };
    known(zone->second.mark, zone->second.number);
    if (const SnapshotRow* snapshot = tables_.snapshot(name)) {
        known(snapshot->mark, snapshot->number);
    }
    for (const auto& [number, row] : versions) {
        known(row.entry.to, number);
        known(row.entry.from, number - 1);
    }
    shared::Row bare(11);
    bare[0] = text_of(zone->second.number);
    bare[1] = place < 0 ? Text{} : text_of(place);
    shared::Rows rows;
    std::int64_t before = 0;
    for (auto at = versions.upper_bound(place); place >= 0 && at != versions.end(); ++at) {
        const VersionRow& row = at->second;
        if (row.number > place + number_of(parameter(statement, 4)) ||
            before >= number_of(parameter(statement, 5))) {
            break;
        }
        before += row.entry.bytes;
        rows.push_back({bare[0], bare[1], text_of(row.number), text_of(row.entry.to.serial),
                        row.entry.to.digest, row.entry.whole ? "t" : "f", text_of(row.blob),
                        text_of(row.entry.first), text_of(row.entry.pages),
                        text_of(row.entry.bytes), row.entry.source});
    }
    if (rows.empty()) {
        rows.push_back(std::move(bare));
    }
    return {.rows = std::move(rows), .state = {}};
}

ModelPostgresql::Answer ModelPostgresql::pages(const shared::Statement& statement) const {
    return {.rows = rows_of(tables_.pages(number_of(parameter(statement, 1)),
                                          number_of(parameter(statement, 2)),
                                          number_of(parameter(statement, 3)))),
            .state = {}};
}

ModelPostgresql::Answer ModelPostgresql::step_pages(const shared::Statement& statement) const {
    std::vector<Bytes> found;
    const auto& versions = tables_.versions(parameter(statement, 1));
    const std::int64_t last = number_of(parameter(statement, 3));
    for (auto at = versions.lower_bound(number_of(parameter(statement, 2)));
         at != versions.end() && at->first <= last; ++at) {
        const TableEntry& entry = at->second.entry;
        for (Bytes& page : tables_.pages(at->second.blob, entry.first, entry.first + entry.pages)) {
            found.push_back(std::move(page));
        }
    }
    return {.rows = rows_of(found), .state = {}};
}

ModelPostgresql::Answer ModelPostgresql::snapshot(const shared::Statement& statement) const {
    shared::Rows rows;
    if (const SnapshotRow* found = tables_.snapshot(parameter(statement, 1))) {
        rows.push_back({found->soa, text_of(found->mark.serial), found->mark.digest,
                        text_of(found->blob), text_of(found->first), text_of(found->pages)});
    }
    return {.rows = std::move(rows), .state = {}};
}

}  // namespace twinzone::sim
