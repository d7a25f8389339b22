#include "common/service/text_reply.h"

#include <utility>

namespace twinzone::service {

namespace {

constexpr int kExitFailed = 1;

}  // namespace

TextReply::TextReply(net::Loop& loop, Open open, control::Reply reply)
    : loop_(loop), open_(std::move(open)), reply_(std::move(reply)) {}

void TextReply::cancel(const std::string& why) {
    if (!is_over_) {
        answer({.exit = kExitFailed, .output = {}, .error = why});
    }
}

void TextReply::make_piece() {
    if (is_over_) {
        return;
    }
    waits_since_.reset();
    loop_.work([self = shared_from_this()] { self->fill(); },
               [self = shared_from_this()] { self->send_piece(); });
}

void TextReply::fill() {
    const std::lock_guard guard{mutex_};
    piece_.clear();
    if (open_) {
        Result<std::unique_ptr<TextSource>> opened = std::exchange(open_, {})();
        if (!opened) {
            has_more_ = fail(std::move(opened).error());
            return;
        }
        source_ = std::move(*opened);
    }
    if (source_) {
        has_more_ = source_->fill(piece_);
    }
}

void TextReply::send_piece() {
    if (is_over_) {
        return;
    }
    if (!has_more_) {
        answer({.exit = kExitFailed, .output = {}, .error = has_more_.error().detail()});
    } else if (!*has_more_) {
        answer({.exit = 0, .output = std::move(piece_), .error = {}});
    } else {
        waits_since_ = loop_.now().instant;
        reply_({.exit = 0,
                .output = std::move(piece_),
                .error = {},
                .more = true,
                .on_written = [self = shared_from_this()] { self->make_piece(); }});
    }
}

// The last word.
void TextReply::answer(control::Response response) {
    is_over_ = true;
    {
        const std::lock_guard guard{mutex_};
        open_ = {};
        source_.reset();
    }
    std::exchange(reply_, {})(std::move(response));
}

}  // namespace twinzone::service
