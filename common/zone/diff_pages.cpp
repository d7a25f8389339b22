#include "common/zone/diff_pages.h"

#include <utility>

namespace twinzone::zone {

namespace {

// Pages that are all at hand, as a cursor.
class SpanCursor : public PageCursor {
  public:
    explicit SpanCursor(std::span<const Bytes> pages) noexcept : pages_(pages) {}

    Result<std::optional<ByteView>> next() override {
        if (pages_.empty()) {
            return std::optional<ByteView>{};
        }
        const ByteView page = pages_.front();
        pages_ = pages_.subspan(1);
        return std::optional{page};
    }

  private:
    std::span<const Bytes> pages_;
};

}  // namespace

// Goes on until the page is full, and resumes there: a record that did not fit is offered again.
Result<std::optional<Bytes>> DiffEncoder::next() {
    while (part_ != Part::done) {
        Result<bool> fits = false;
        switch (part_) {
            case Part::old_soa: fits = add_soa(diff_.from, Part::removed); break;
            case Part::removed: fits = add_list(diff_.removed, Part::new_soa); break;
            case Part::new_soa: fits = add_soa(diff_.to, Part::added); break;
            case Part::added: fits = add_list(diff_.added, Part::done); break;
            case Part::done: TWINZONE_UNREACHABLE();
        }
        if (!fits) {
            return fail(std::move(fits).error());
        }
        if (!*fits) {
            return std::optional{fill_.take()};
        }
    }
    return fill_.empty() ? std::optional<Bytes>{} : std::optional{fill_.take()};
}

// False where the page is full; `then` is the part to come.
Result<bool> DiffEncoder::add_soa(const dns::SoaRecord& soa, Part then) {
    if (!fill_.add(soa.record().view())) {
        return false;
    }
    part_ = then;
    return true;
}

Result<bool> DiffEncoder::add_list(const RecordList& list, Part then) {
    for (; index_ < list.size(); ++index_) {
        const dns::RecordView record = list[index_];
        if (Result<void> sized = check_record_size(record); !sized) {
            return fail(std::move(sized).error());
        }
        if (!fill_.add(record)) {
            return false;
        }
    }
    index_ = 0;
    part_ = then;
    return true;
}

Result<std::vector<Bytes>> encode_diff_pages(const Diff& diff) {
    std::vector<Bytes> pages;
    DiffEncoder encoder{diff};
    for (;;) {
        Result<std::optional<Bytes>> page = encoder.next();
        if (!page) {
            return fail(std::move(page).error());
        }
        if (!*page) {
            return pages;
        }
        pages.push_back(std::move(**page));
    }
}

Result<std::optional<Diff>> DiffReader::next() {
    Diff diff;
    for (const bool old : {true, false}) {
        Result<std::optional<dns::SoaRecord>> soa = take_soa();
        if (!soa) {
            return fail(std::move(soa).error());
        }
        if (!*soa) {
            return old ? Result<std::optional<Diff>>{std::optional<Diff>{}}
                       : fail(Errc::store_corrupt, "history ends within a difference");
        }
        (old ? diff.from : diff.to) = **soa;
        if (Result<void> read = read_until_soa(old ? diff.removed : diff.added); !read) {
            return fail(std::move(read).error());
        }
    }
    return std::optional{std::move(diff)};
}

// The SOA that stands next; nullopt at the end.
Result<std::optional<dns::SoaRecord>> DiffReader::take_soa() {
    if (pending_) {
        return std::exchange(pending_, std::nullopt);
    }
    Result<std::optional<dns::RecordView>> record = records_.next();
    if (!record) {
        return fail(std::move(record).error());
    }
    if (!*record) {
        return std::optional<dns::SoaRecord>{};
    }
    if ((*record)->type != dns::RrType::soa) {
        return fail(Errc::store_corrupt, "history does not begin with a SOA");
    }
    return parse_soa(**record);
}

Result<void> DiffReader::read_until_soa(RecordList& list) {
    for (;;) {
        Result<std::optional<dns::RecordView>> record = records_.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            return {};
        }
        if ((*record)->type == dns::RrType::soa) {
            Result<std::optional<dns::SoaRecord>> soa = parse_soa(**record);
            if (!soa) {
                return fail(std::move(soa).error());
            }
            pending_ = std::move(*soa);
            return {};
        }
        list.append(**record);
    }
}

Result<std::optional<dns::SoaRecord>> DiffReader::parse_soa(const dns::RecordView& record) {
    Result<dns::SoaRecord> soa = dns::SoaRecord::parse(record);
    if (!soa) {
        return fail(Errc::store_corrupt, soa.error().detail());
    }
    return std::optional{std::move(*soa)};
}

Result<std::vector<Diff>> read_diffs(std::unique_ptr<PageCursor> pages) {
    DiffReader reader{std::move(pages)};
    std::vector<Diff> diffs;
    for (;;) {
        Result<std::optional<Diff>> diff = reader.next();
        if (!diff) {
            return fail(std::move(diff).error());
        }
        if (!*diff) {
            return diffs;
        }
        diffs.push_back(std::move(**diff));
    }
}

Result<Diff> decode_diff_pages(std::span<const Bytes> pages) {
    DiffReader reader{std::make_unique<SpanCursor>(pages)};
    Result<std::optional<Diff>> diff = reader.next();
    if (!diff) {
        return fail(std::move(diff).error());
    }
    if (!*diff) {
        return fail(Errc::store_corrupt, "a difference without pages");
    }
    return std::move(**diff);
}

}  // namespace twinzone::zone
