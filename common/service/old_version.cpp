#include "common/service/old_version.h"

#include <fmt/format.h>

#include "common/service/record_changes.h"
#include "common/store/record_sorter.h"
#include "common/zone/page_records.h"
#include "common/zone/record_list.h"

namespace twinzone::service {

namespace {

constexpr std::size_t kSorterBytes = std::size_t{16} << 20;

// The lists of a difference, in the order in which the journal has them.
enum class Part : std::uint8_t { removed, added };

// Puts one list of one step into the sorter, as being there or not.
Result<void> add_list(const zone::Snapshot& snapshot, std::size_t back, Part wanted, bool is_there,
                      store::RecordSorter& sorter) {
    Result<std::unique_ptr<zone::PageCursor>> pages = snapshot.step_pages(back);
    if (!pages) {
        return fail(std::move(pages).error());
    }
    zone::PageRecords records{std::move(*pages)};
    unsigned soas = 0;  // old SOA, removed, new SOA, added (RFC 1995 §4)
    for (;;) {
        Result<std::optional<dns::RecordView>> next = records.next();
        if (!next) {
            return fail(std::move(next).error());
        }
        if (!*next) {
            return {};
        }
        dns::RecordView record = **next;
        if (record.type == dns::RrType::soa) {
            ++soas;
            continue;
        }
        if (soas != (wanted == Part::removed ? 1U : 2U)) {
            continue;
        }
        record.rr_class = is_there ? dns::RrClass::in : kAbsent;
        if (Result<void> added = sorter.add(record); !added) {
            return added;
        }
    }
}

Result<void> add_step(const zone::Snapshot& snapshot, std::size_t back, Part absent,
                      store::RecordSorter& sorter) {
    const Part present = absent == Part::added ? Part::removed : Part::added;
    Result<void> done = add_list(snapshot, back, absent, false, sorter);
    return done ? add_list(snapshot, back, present, true, sorter) : done;
}

Result<std::unique_ptr<zone::RecordStream>> finished(store::RecordSorter sorter) {
    Result<std::unique_ptr<store::SortedStream>> stream = sorter.finish();
    if (!stream) {
        return fail(std::move(stream).error());
    }
    return std::unique_ptr<zone::RecordStream>{std::move(*stream)};
}

// The sorter keeps what was added last. Before the steps, a record was what the first of them that
// touched it found: so the newest goes in first.
Result<std::unique_ptr<zone::RecordStream>> state_before(const zone::Snapshot& snapshot,
                                                         std::size_t newest, std::size_t oldest,
                                                         const std::string& directory) {
    store::RecordSorter sorter{directory, kSorterBytes};
    for (std::size_t back = newest; back < oldest; ++back) {
        if (Result<void> added = add_step(snapshot, back, Part::added, sorter); !added) {
            return fail(std::move(added).error());
        }
    }
    return finished(std::move(sorter));
}

Result<std::unique_ptr<zone::RecordStream>> state_after(const zone::Snapshot& snapshot,
                                                        std::size_t newest, std::size_t oldest,
                                                        const std::string& directory) {
    store::RecordSorter sorter{directory, kSorterBytes};
    for (std::size_t back = oldest; back > newest; --back) {
        if (Result<void> added = add_step(snapshot, back - 1, Part::removed, sorter); !added) {
            return fail(std::move(added).error());
        }
    }
    return finished(std::move(sorter));
}

// The records in service with those that were touched since put back as they were.
class OldRecords final : public zone::RecordStream {
  public:
    OldRecords(std::unique_ptr<zone::PageCursor> pages, std::unique_ptr<zone::RecordStream> touched)
        : current_(std::move(pages)), touched_(std::move(touched)) {}

    Result<std::optional<dns::RecordView>> next() override {
        for (;;) {
            if (Result<void> advanced = advance(); !advanced) {
                return fail(std::move(advanced).error());
            }
            if (!from_current_ && !from_touched_) {
                return std::optional<dns::RecordView>{};
            }
            const std::optional<dns::RecordView>& chosen = uses_touched_ ? old_ : new_;
            if (chosen->rr_class != kAbsent) {
                return chosen;
            }
        }
    }

  private:
    Result<void> advance() {
        if (from_current_) {
            if (Result<void> done = step(current_, new_); !done) {
                return done;
            }
        }
        if (from_touched_) {
            if (Result<void> done = step(*touched_, old_); !done) {
                return done;
            }
        }
        const int order = !old_ ? -1 : !new_ ? 1 : zone::compare_canonical(*new_, *old_);
        from_current_ = new_ && order <= 0;
        from_touched_ = old_ && order >= 0;
        uses_touched_ = from_touched_;
        return {};
    }

    static Result<void> step(zone::RecordStream& stream, std::optional<dns::RecordView>& record) {
        Result<std::optional<dns::RecordView>> next = stream.next();
        if (!next) {
            return fail(std::move(next).error());
        }
        record = *next;
        return {};
    }

    zone::PageRecords current_;
    std::unique_ptr<zone::RecordStream> touched_;
    std::optional<dns::RecordView> new_;
    std::optional<dns::RecordView> old_;
    bool from_current_ = true;  // what was given last came from there
    bool from_touched_ = true;
    bool uses_touched_ = false;
};

std::string span_of(const std::vector<zone::HistoryStep>& steps, const zone::Snapshot& snapshot) {
    if (steps.empty()) {
        return fmt::format("it holds only {}", snapshot.version().serial().value());
    }
    return fmt::format("it goes from {} to {}", steps.front().from.serial.value(),
                       snapshot.version().serial().value());
}

}  // namespace

Result<VersionPlace> find_version(const zone::Snapshot& snapshot, dns::Serial serial) {
    Result<std::optional<std::vector<zone::HistoryStep>>> way = snapshot.history(serial);
    if (!way) {
        return fail(std::move(way).error());
    }
    if (*way) {
        return VersionPlace{.back = (*way)->size(),
                            .soa = (*way)->empty() ? snapshot.version().soa : (*way)->front().from};
    }
    const Result<std::vector<zone::HistoryStep>> all = snapshot.all_history();
    if (!all) {
        return fail(all.error());
    }
    return fail(Errc::not_found,
                fmt::format("serial {} of {} is not in the journal: {}", serial.value(),
                            snapshot.version().soa.owner.to_text(), span_of(*all, snapshot)));
}

Result<VersionPlace> version_before(const zone::Snapshot& snapshot, const VersionPlace& place) {
    Result<std::vector<zone::HistoryStep>> all = snapshot.all_history();
    if (!all) {
        return fail(std::move(all).error());
    }
    if (place.back >= all->size()) {
        return fail(Errc::not_found,
                    fmt::format("the journal of {} has no version before {}",
                                place.soa.owner.to_text(), place.soa.serial.value()));
    }
    return VersionPlace{.back = place.back + 1, .soa = (*all)[all->size() - 1 - place.back].from};
}

Result<std::unique_ptr<zone::RecordStream>> records_at(const zone::Snapshot& snapshot,
                                                       const VersionPlace& place,
                                                       const std::string& directory) {
    if (place.back == 0) {
        return std::unique_ptr<zone::RecordStream>{
            std::make_unique<zone::PageRecords>(snapshot.pages())};
    }
    Result<std::unique_ptr<zone::RecordStream>> touched =
        state_before(snapshot, 0, place.back, directory);
    if (!touched) {
        return touched;
    }
    return std::unique_ptr<zone::RecordStream>{
        std::make_unique<OldRecords>(snapshot.pages(), std::move(*touched))};
}

Result<Touched> touched_between(const zone::Snapshot& snapshot, const VersionPlace& from,
                                const VersionPlace& to, const std::string& directory) {
    TWINZONE_ASSERT(from.back >= to.back);
    Result<std::unique_ptr<zone::RecordStream>> before =
        state_before(snapshot, to.back, from.back, directory);
    if (!before) {
        return fail(std::move(before).error());
    }
    Result<std::unique_ptr<zone::RecordStream>> after =
        state_after(snapshot, to.back, from.back, directory);
    if (!after) {
        return fail(std::move(after).error());
    }
    return Touched{.before = std::move(*before), .after = std::move(*after)};
}

}  // namespace twinzone::service
