#include "tests/unit/store/store_fixture.h"

#include <cstdlib>
#include <filesystem>

#include <unistd.h>

#include <fmt/format.h>

#include "common/zone/diff_pages.h"
#include "common/zone/page_records.h"
#include "tests/support/catch.h"

namespace twinzone::store::test {

namespace {

dns::Record txt(const dns::Name& zone, const std::string& owner, const std::string& text) {
    dns::Record record;
    const std::string suffix = zone.view().is_root() ? "" : zone.to_text();
    record.owner = owner.empty() ? zone : name(fmt::format("{}.{}", owner, suffix));
    record.type = dns::RrType::txt;
    record.ttl = dns::Ttl{300};
    record.rdata.push_back(static_cast<std::uint8_t>(text.size()));
    record.rdata.insert(record.rdata.end(), text.begin(), text.end());
    return record;
}

std::string relative(const dns::NameView owner, const dns::NameView zone) {
    std::string text = owner.to_text();
    const std::size_t suffix = zone.is_root() ? 1 : zone.to_text().size() + 1;
    return owner == zone ? std::string{} : text.substr(0, text.size() - suffix);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "twinzone.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

dns::Name name(std::string_view text) {
    return *dns::Name::from_text(text);
}

dns::SoaRecord soa(const dns::Name& zone, std::uint32_t serial) {
    dns::SoaRecord soa;
    soa.owner = zone;
    soa.ttl = dns::Ttl{3600};
    soa.mname = name("ns1.example.net");
    soa.rname = name("hostmaster.example.net");
    soa.serial = dns::Serial{serial};
    soa.refresh = seconds{3600};
    soa.retry = seconds{600};
    soa.expire = seconds{86400};
    soa.minimum = 60;
    return soa;
}

zone::RecordList records_of(const dns::Name& zone, const Model& model) {
    zone::RecordList list;
    for (const auto& [owner, text] : model) {
        list.append(txt(zone, owner, text).view());
    }
    list.sort_unique();
    return list;
}

std::unique_ptr<SortedStream> stream_of(const dns::Name& zone, const Model& model,
                                        const std::string& directory) {
    RecordSorter sorter{directory};
    for (const auto& [owner, text] : model) {
        REQUIRE(sorter.add(txt(zone, owner, text).view()));
    }
    Result<std::unique_ptr<SortedStream>> sorted = sorter.finish();
    REQUIRE(sorted);
    return *std::move(sorted);
}

zone::Diff diff_of(const dns::Name& zone, std::uint32_t from, const Model& before, std::uint32_t to,
                   const Model& after) {
    Model removed;
    Model added;
    for (const auto& entry : before) {
        const auto kept = after.find(entry.first);
        if (kept == after.end() || kept->second != entry.second) {
            removed.insert(entry);
        }
    }
    for (const auto& entry : after) {
        const auto had = before.find(entry.first);
        if (had == before.end() || had->second != entry.second) {
            added.insert(entry);
        }
    }
    return {soa(zone, from), soa(zone, to), records_of(zone, removed), records_of(zone, added)};
}

Model big_model(std::size_t count, std::string_view text) {
    Model model;
    for (std::size_t i = 0; i < count; ++i) {
        model.emplace(fmt::format("name{}", i), fmt::format("{}{}", text, i));
    }
    return model;
}

StoreFixture::StoreFixture() {
    options.directory = directory.path() + "/store";
    options.program = "twinzone-test";
    options.max_bytes = std::uint64_t{1} << 30;
    open();
}

void StoreFixture::open() {
    Result<std::unique_ptr<Store>> opened = Store::open(options);
    INFO((opened ? "opened" : opened.error().detail()));
    REQUIRE(opened);
    store = *std::move(opened);
}

void StoreFixture::close() {
    store.reset();
}

void StoreFixture::reopen() {
    close();
    open();
}

zone::Commit StoreFixture::frame(const dns::Name& zone) const {
    zone::Commit commit;
    commit.zone = zone;
    if (const std::optional<std::uint32_t> now = serial(zone)) {
        commit.base = dns::Serial{*now};
    }
    commit.source = "test";
    commit.now = UnixTime{1000};
    return commit;
}

Result<zone::Committed> StoreFixture::commit(zone::Commit commit) {
    std::optional<Result<zone::Committed>> result;
    store->submit(std::move(commit),
                  [&](Result<zone::Committed> done) { result.emplace(std::move(done)); });
    store->drain();
    REQUIRE(result.has_value());
    return *std::move(result);
}

Result<zone::Committed> StoreFixture::replace(const dns::Name& zone, std::uint32_t serial,
                                              const Model& model) {
    zone::Commit work = frame(zone);
    work.change = zone::ReplaceWith{soa(zone, serial), stream_of(zone, model, options.directory)};
    return commit(std::move(work));
}

Result<zone::Committed> StoreFixture::apply(const dns::Name& zone, std::vector<zone::Diff> diffs) {
    zone::Commit work = frame(zone);
    work.change = zone::ApplyDiffs{std::move(diffs)};
    return commit(std::move(work));
}

Result<zone::Committed> StoreFixture::drop(const dns::Name& zone) {
    std::optional<Result<zone::Committed>> result;
    store->drop(zone, [&](Result<zone::Committed> done) { result.emplace(std::move(done)); });
    store->drain();
    REQUIRE(result.has_value());
    return *std::move(result);
}

std::optional<std::uint32_t> StoreFixture::serial(const dns::Name& zone) const {
    const zone::ZoneState* state = store->find(zone);
    if (state == nullptr || !state->version) {
        return std::nullopt;
    }
    return state->version->serial().value();
}

std::shared_ptr<const zone::Snapshot> StoreFixture::snapshot(const dns::Name& zone) {
    Result<std::shared_ptr<const zone::Snapshot>> taken = store->snapshot(zone);
    REQUIRE(taken);
    return *taken;
}

Model StoreFixture::read(const zone::Snapshot& snapshot) {
    const zone::Version& version = snapshot.version();
    const dns::Record apex = version.soa.record();
    zone::Digest digest;
    digest.add(apex.view());
    std::uint64_t count = 1;
    std::uint64_t bytes = 0;
    const std::unique_ptr<zone::PageCursor> pages = snapshot.pages();
    for (Result<std::optional<ByteView>> page = pages->next(); page && *page;
         page = pages->next()) {
        bytes += (*page)->size();
    }
    Model model;
    zone::PageRecords records{snapshot.pages()};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = records.next();
        REQUIRE(record);
        if (!*record) {
            break;
        }
        digest.add(**record);
        ++count;
        model.emplace(relative((*record)->owner, version.soa.owner),
                      as_text((*record)->rdata.subspan(1)));
    }
    CHECK(digest == version.digest);
    CHECK(count == version.records);
    CHECK(bytes == version.wire_bytes);
    return model;
}

Model StoreFixture::read(const dns::Name& zone) {
    return read(*snapshot(zone));
}

std::string StoreFixture::history(const dns::Name& zone, std::uint32_t from) {
    const auto held = snapshot(zone);
    const auto steps = held->history(dns::Serial{from});
    REQUIRE(steps);
    auto pages = held->history_pages(dns::Serial{from});
    REQUIRE(pages);
    CHECK((*pages != nullptr) == steps->has_value());
    if (!*steps) {
        return "none";
    }
    std::string text;
    zone::DiffReader diffs{std::move(*pages)};
    for (const zone::HistoryStep& step : **steps) {
        const auto diff = diffs.next();
        REQUIRE(diff);
        REQUIRE(diff->has_value());
        CHECK((*diff)->removed.size() == step.removed);
        CHECK((*diff)->added.size() == step.added);
        CHECK((*diff)->from.serial == step.from.serial);
        CHECK((*diff)->to.serial == step.to.serial);
        text += fmt::format("{}{}>{}", text.empty() ? "" : " ", step.from.serial.value(),
                            step.to.serial.value());
    }
    const auto end = diffs.next();
    REQUIRE(end);
    CHECK_FALSE(end->has_value());
    return text;
}

std::uint64_t StoreFixture::entries(Table table) {
    close();
    std::uint64_t count = 0;
    {
        const auto lock = LockFile::acquire(options.directory, "test");
        REQUIRE(lock);
        const auto env = Environment::open({options.directory, options.max_bytes, *lock});
        REQUIRE(env);
        const auto txn = ReadTransaction::begin(*env);
        REQUIRE(txn);
        count = (*txn)->count(table);
        (*lock)->mark_clean();
    }
    open();
    return count;
}

}  // namespace twinzone::store::test
