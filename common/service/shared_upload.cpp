#include "common/service/shared_upload.h"

#include <optional>
#include <utility>
#include <vector>

namespace twinzone::service {

namespace {

class Upload : public std::enable_shared_from_this<Upload> {
  public:
    using Done = std::function<void(Now now, Result<shared::Entry> entry)>;

    Upload(SharedQuestions& questions, std::shared_ptr<const zone::Snapshot> snapshot, Done done)
        : questions_(questions),
          snapshot_(std::move(snapshot)),
          pages_(snapshot_->pages()),
          done_(std::move(done)) {}

    void start(Now now, const dns::Name& zone) {
        entry_.zone = zone;
        entry_.to = snapshot_->version();
        entry_.is_whole = true;
        entry_.source = snapshot_->source();
        send_next(now);
    }

  private:
    void send_next(Now now) {
        Result<std::vector<Bytes>> pages = take_pages();
        if (!pages) {
            done_(now, fail(std::move(pages).error()));
            return;
        }
        if (pages->empty() && blob_) {
            entry_.run.blob = *blob_;
            done_(now, std::move(entry_));
            return;
        }
        shared::Statement statement = shared::stage(blob_, entry_.run.pages, *pages);
        entry_.run.pages += static_cast<std::int64_t>(pages->size());
        questions_.ask_bulk(
            std::move(statement),
            [self = shared_from_this()](Now then, const Result<shared::Rows>& rows,
                                        const std::string&) { self->take(then, rows); });
    }

    void take(Now now, const Result<shared::Rows>& rows) {
        const Result<std::int64_t> blob = rows ? shared::read_number(*rows) : fail(rows.error());
        if (!blob) {
            done_(now, fail(blob.error()));
            return;
        }
        blob_ = *blob;
        send_next(now);
    }

    Result<std::vector<Bytes>> take_pages() {
        std::vector<Bytes> pages;
        pages.reserve(static_cast<std::size_t>(shared::kMaxPages));
        while (pages.size() < static_cast<std::size_t>(shared::kMaxPages)) {
            const Result<std::optional<ByteView>> page = pages_->next();
            if (!page) {
                return fail(page.error());
            }
            if (!*page) {
                break;
            }
            entry_.bytes += (*page)->size();
            pages.emplace_back((*page)->begin(), (*page)->end());
        }
        return pages;
    }

    SharedQuestions& questions_;
    std::shared_ptr<const zone::Snapshot> snapshot_;
    std::unique_ptr<zone::PageCursor> pages_;
    Done done_;
    shared::Entry entry_;
    std::optional<std::int64_t> blob_;
};

}  // namespace

void upload_content(SharedQuestions& questions, Now now, const dns::Name& zone,
                    std::shared_ptr<const zone::Snapshot> snapshot,
                    std::function<void(Now now, Result<shared::Entry> entry)> done) {
    std::make_shared<Upload>(questions, std::move(snapshot), std::move(done))->start(now, zone);
}

}  // namespace twinzone::service
