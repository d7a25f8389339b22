#include "common/shared/history.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/shared/schema.h"

namespace twinzone::shared {

namespace {

// What concurrent migrations wait for: any number that is ours.
constexpr std::int64_t kSchemaLock = 0x7477'696e'7a6f'6e65;

constexpr std::size_t kMaxSourceOctets = 1024;

Parameter number(std::int64_t value) {
    return {.value = fmt::to_string(value)};
}

std::string name_text(const dns::Name& zone) {
    return zone.lowered().to_text();
}

// Text that PostgreSQL takes in any encoding.
std::string plain(std::string text) {
    text.resize(std::min(text.size(), kMaxSourceOctets));
    std::replace_if(
        text.begin(), text.end(), [](char each) { return each < ' ' || each > '~'; }, '?');
    return text;
}

std::string hex(std::string_view text) {
    return to_hex(as_bytes(text));
}

std::string entry_text(const Entry& entry) {
    const std::string from =
        entry.from ? fmt::format(R"({{"from_serial":{},"from_digest":"{}")",
                                 entry.from->serial.value(), entry.from->digest.to_text())
                   : std::string{R"({"from_serial":null,"from_digest":null)"};
    return fmt::format(
        R"({},"zone":"{}","to_serial":{},"to_digest":"{}","whole":{},"first":{},"pages":{},)"
        R"("bytes":{},"soa":"{}","source":"{}"}})",
        from, hex(name_text(entry.zone)), entry.to.serial().value(), entry.to.digest.to_text(),
        entry.is_whole, entry.run.first, entry.run.pages, entry.bytes, soa_text(entry.to.soa),
        hex(plain(entry.source)));
}

Result<Mark> mark_at(const Row& row, std::size_t serial, std::size_t digest) {
    const Result<std::int64_t> value = number_at(row, serial);
    const std::optional<zone::Digest> sum = zone::Digest::from_text(text_at(row, digest));
    if (!value || !sum) {
        return fail(Errc::internal, "PostgreSQL answered no serial and digest");
    }
    return Mark{.serial = dns::Serial{static_cast<std::uint32_t>(*value)}, .digest = *sum};
}

Result<PageRun> run_at(const Row& row, std::size_t column) {
    const Result<std::int64_t> blob = number_at(row, column);
    const Result<std::int64_t> first = number_at(row, column + 1);
    const Result<std::int64_t> pages = number_at(row, column + 2);
    if (!blob || !first || !pages) {
        return fail(Errc::internal, "PostgreSQL answered no run of pages");
    }
    return PageRun{.blob = *blob, .first = *first, .pages = *pages};
}

Result<Step> read_step(const Row& row) {
    const Result<std::int64_t> at = number_at(row, 2);
    const Result<Mark> to = mark_at(row, 3, 4);
    const Result<PageRun> run = run_at(row, 6);
    const Result<std::int64_t> bytes = number_at(row, 9);
    if (!at || !to || !run || !bytes) {
        return fail(Errc::internal, "PostgreSQL answered no version");
    }
    return Step{.number = *at,
                .to = *to,
                .is_whole = text_at(row, 5) == "t",
                .run = *run,
                .bytes = static_cast<std::uint64_t>(*bytes),
                .source = text_at(row, 10)};
}

std::string holder_text(const Holder& holder) {
    return fmt::format("twinzone.from_hex('{}'), {}", hex(holder.name), holder.token);
}

std::string limits_text(const Retention& retention) {
    return fmt::format("{}, {}, interval '{} s'", retention.max_versions, retention.max_bytes,
                       retention.max_age.count());
}

Statement simple(std::string text) {
    return {.text = std::move(text), .is_simple = true};
}

}  // namespace

Statement lock_schema() {
    return simple(fmt::format("SELECT pg_advisory_lock({})", kSchemaLock));
}

Statement unlock_schema() {
    return simple(fmt::format("SELECT pg_advisory_unlock({})", kSchemaLock));
}

Statement ask_migration() {
    return simple("SELECT coalesce(max(number), 0) FROM twinzone.migration");
}

Statement migrate(std::size_t number) {
    return simple(migration_text(number));
}

Statement listen() {
    return simple(fmt::format("LISTEN {}", kChannel));
}

Statement hold_lease(const Holder& holder, Duration length) {
    return simple(fmt::format("SELECT * FROM twinzone.hold_lease({}, interval '{} ms')",
                              holder_text(holder),
                              std::chrono::duration_cast<milliseconds>(length).count()));
}

Statement release_lease(const Holder& holder) {
    return simple(fmt::format("SELECT twinzone.release_lease({})", holder_text(holder)));
}

Result<LeaseRow> read_lease(const Rows& rows) {
    if (rows.size() != 1) {
        return fail(Errc::internal, "PostgreSQL answered no lease");
    }
    const Row& row = rows.front();
    const Result<std::int64_t> token = number_at(row, 1);
    const Result<std::int64_t> sequence = number_at(row, 3);
    if (!token || !sequence) {
        return fail(Errc::internal, "PostgreSQL answered no lease");
    }
    return LeaseRow{
        .answer = {.is_ours = text_at(row, 0) == "t", .token = static_cast<std::uint64_t>(*token)},
        .leader = text_at(row, 2),
        .last_sequence = *sequence};
}

Statement stage(std::optional<std::int64_t> blob, std::int64_t first,
                std::span<const Bytes> pages) {
    Statement statement{.text = "SELECT twinzone.stage($1::bigint, $2::int, $3)"};
    statement.parameters.push_back(blob ? number(*blob) : Parameter{});
    statement.parameters.push_back(number(first));
    statement.parameters.push_back(page_list(pages));
    return statement;
}

Statement append(const Holder& holder, std::int64_t blob, std::span<const Entry> entries) {
    std::string list;
    for (const Entry& entry : entries) {
        list += list.empty() ? "" : ",";
        list += entry_text(entry);
    }
    return simple(
        fmt::format("SELECT twinzone.append({}, {}, '[{}]')", holder_text(holder), blob, list));
}

Result<std::int64_t> read_number(const Rows& rows) {
    return rows.size() == 1 ? number_at(rows.front(), 0)
                            : fail(Errc::internal, "PostgreSQL answered no number");
}

Statement ask_heads(std::int64_t after_sequence) {
    Statement statement{.text =
                            "SELECT name, sequence, serial, digest FROM twinzone.zone "
                            "WHERE sequence > $1::bigint ORDER BY sequence LIMIT $2::int"};
    statement.parameters = {number(after_sequence), number(kMaxHeads)};
    return statement;
}

Result<std::vector<Head>> read_heads(const Rows& rows) {
    std::vector<Head> heads;
    heads.reserve(rows.size());
    for (const Row& row : rows) {
        Result<dns::Name> zone = dns::Name::from_text(text_at(row, 0));
        const Result<std::int64_t> sequence = number_at(row, 1);
        const Result<Mark> mark = mark_at(row, 2, 3);
        if (!zone || !sequence || !mark) {
            return fail(Errc::internal, "PostgreSQL answered no zone");
        }
        heads.push_back({.zone = *std::move(zone), .sequence = *sequence, .mark = *mark});
    }
    return heads;
}

// Ours may stand there as what a version led to, as what one began at, or as a snapshot.
Statement ask_position(const dns::Name& zone, const std::optional<Mark>& ours) {
    Statement statement{
        .text =
            "WITH place AS (SELECT max(n) AS n FROM ("
            "SELECT number AS n FROM twinzone.version "
            "WHERE zone = $1 AND to_digest = $3 AND to_serial = $2::bigint UNION ALL "
            "SELECT number - 1 FROM twinzone.version "
            "WHERE zone = $1 AND from_digest = $3 AND from_serial = $2::bigint UNION ALL "
            "SELECT number FROM twinzone.snapshot "
            "WHERE zone = $1 AND digest = $3 AND serial = $2::bigint UNION ALL "
            "SELECT number FROM twinzone.zone "
            "WHERE name = $1 AND digest = $3 AND serial = $2::bigint) known) "
            "SELECT z.number, p.n, v.number, v.to_serial, v.to_digest, v.is_whole, v.blob, "
            "v.first_part, v.pages, v.bytes, v.source "
            "FROM twinzone.zone z CROSS JOIN place p LEFT JOIN LATERAL ("
            "SELECT *, sum(bytes) OVER (ORDER BY number) - bytes AS before "
            "FROM twinzone.version WHERE zone = $1 AND number > p.n AND number <= p.n + "
            "$4::bigint) v ON v.before < $5::bigint "
            "WHERE z.name = $1 ORDER BY v.number"};
    statement.parameters = {
        Parameter{.value = name_text(zone)}, ours ? number(ours->serial.value()) : Parameter{},
        Parameter{.value = ours ? std::optional{ours->digest.to_text()} : std::nullopt},
        number(kMaxSteps), number(kMaxStepBytes)};
    return statement;
}

Result<Position> read_position(const Rows& rows) {
    Position position;
    for (const Row& row : rows) {
        position.zone_is_known = true;
        if (row.size() < 11 || !row[1]) {
            return position;
        }
        const Result<std::int64_t> head = number_at(row, 0);
        const Result<std::int64_t> ours = number_at(row, 1);
        if (!head || !ours) {
            return fail(Errc::internal, "PostgreSQL answered no position");
        }
        const auto passed = static_cast<std::int64_t>(position.steps.size());
        if (!row[2]) {
            position.version_is_known = *head == *ours;  // else what follows is kept no more
            return position;
        }
        Result<Step> step = read_step(row);
        if (!step) {
            return fail(std::move(step).error());
        }
        if (step->number != *ours + passed + 1) {
            position.version_is_known = passed > 0;
            return position;
        }
        position.version_is_known = true;
        position.steps.push_back(*std::move(step));
    }
    return position;
}

Statement ask_pages(const PageRun& run, std::int64_t most) {
    Statement statement{.text =
                            "SELECT content FROM twinzone.page WHERE blob = $1::bigint "
                            "AND part >= $2::int AND part < $3::int ORDER BY part",
                        .wants_octets = true};
    statement.parameters = {number(run.blob), number(run.first),
                            number(run.first + std::min(run.pages, most))};
    return statement;
}

std::vector<Bytes> read_pages(const Rows& rows) {
    std::vector<Bytes> pages;
    pages.reserve(rows.size());
    for (const Row& row : rows) {
        const std::string octets = text_at(row, 0);
        const ByteView view = as_bytes(octets);
        pages.emplace_back(view.begin(), view.end());
    }
    return pages;
}

Statement ask_step_pages(const dns::Name& zone, std::int64_t first, std::int64_t last) {
    Statement statement{
        .text =
            "SELECT p.content FROM twinzone.version v JOIN twinzone.page p ON p.blob = v.blob "
            "AND p.part >= v.first_part AND p.part < v.first_part + v.pages "
            "WHERE v.zone = $1 AND v.number BETWEEN $2::bigint AND $3::bigint "
            "ORDER BY v.number, p.part",
        .wants_octets = true};
    statement.parameters = {Parameter{.value = name_text(zone)}, number(first), number(last)};
    return statement;
}

Statement ask_snapshot(const dns::Name& zone) {
    Statement statement{.text =
                            "SELECT soa, serial, digest, blob, first_part, pages "
                            "FROM twinzone.snapshot WHERE zone = $1"};
    statement.parameters = {Parameter{.value = name_text(zone)}};
    return statement;
}

Result<std::optional<SnapshotPlace>> read_snapshot(const Rows& rows) {
    if (rows.empty()) {
        return std::optional<SnapshotPlace>{};
    }
    std::optional<dns::SoaRecord> soa = soa_from_text(text_at(rows.front(), 0));
    const Result<Mark> mark = mark_at(rows.front(), 1, 2);
    const Result<PageRun> run = run_at(rows.front(), 3);
    if (!soa || !mark || !run) {
        return fail(Errc::internal, "PostgreSQL answered no snapshot");
    }
    return std::optional{SnapshotPlace{.soa = *std::move(soa), .mark = *mark, .run = *run}};
}

Statement ask_wanted_snapshots(const Retention& retention) {
    return simple(fmt::format("SELECT * FROM twinzone.wants_snapshot({})", limits_text(retention)));
}

Result<std::vector<dns::Name>> read_names(const Rows& rows) {
    std::vector<dns::Name> names;
    names.reserve(rows.size());
    for (const Row& row : rows) {
        Result<dns::Name> name = dns::Name::from_text(text_at(row, 0));
        if (!name) {
            return fail(Errc::internal, "PostgreSQL answered no name of a zone");
        }
        names.push_back(*std::move(name));
    }
    return names;
}

Statement put_snapshot(const Holder& holder, const Entry& entry) {
    return simple(fmt::format("SELECT twinzone.put_snapshot({}, '{}', {})", holder_text(holder),
                              entry_text(entry), entry.run.blob));
}

Statement prune(const Holder& holder, const Retention& retention) {
    return simple(
        fmt::format("SELECT twinzone.prune({}, {})", holder_text(holder), limits_text(retention)));
}

std::string soa_text(const dns::SoaRecord& soa) {
    Bytes octets;
    ByteWriter writer{octets};
    writer.bytes(soa.owner.view().wire());
    writer.u32(soa.ttl.value());
    writer.bytes(soa.rdata());
    return to_hex(octets);
}

std::optional<dns::SoaRecord> soa_from_text(std::string_view text) {
    const std::optional<Bytes> octets = from_hex(text);
    const Result<dns::NameView> owner =
        octets ? dns::NameView::parse(*octets) : fail(Errc::internal, "no digits");
    if (!octets || !owner) {
        return std::nullopt;
    }
    ByteReader reader{ByteView{*octets}.subspan(owner->size())};
    dns::RecordView record{.owner = *owner, .type = dns::RrType::soa, .ttl = {}, .rdata = {}};
    record.ttl = dns::Ttl{reader.u32()};
    record.rdata = reader.rest();
    Result<dns::SoaRecord> soa =
        reader.failed() ? fail(Errc::internal, "cut short") : dns::SoaRecord::parse(record);
    return soa ? std::optional{*std::move(soa)} : std::nullopt;
}

}  // namespace twinzone::shared
