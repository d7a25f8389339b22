#include "common/service/zone_text.h"

#include <fmt/format.h>

#include "common/control/json_text.h"
#include "common/text/zone_file_writer.h"

namespace twinzone::service {

namespace {

bool same_soa(const dns::SoaRecord& a, const dns::SoaRecord& b) {
    return dns::same_rdata(a, b) && a.ttl == b.ttl;
}

std::string steps_in_words(const dns::SoaRecord& from, const dns::SoaRecord& to) {
    return fmt::format("{} -> {}", from.serial.value(), to.serial.value());
}

}  // namespace

void ContentText::append(const dns::RecordView& record, std::string& out) {
    if (!json_) {
        text::append_record(record, out);
        return;
    }
    line_.clear();
    text::append_record(record, line_);
    line_.pop_back();
    out += control::json_text(line_);
}

Result<bool> ContentText::fill(std::string& out) {
    if (!begun_) {
        begun_ = true;
        if (json_) {
            out += fmt::format("{{\"zone\":{},\"serial\":{},\"records\":[",
                               control::json_text(content_.soa.owner.to_text()),
                               content_.soa.serial.value());
        }
        append(content_.soa.record().view(), out);
    }
    while (out.size() < kTextPieceBytes) {
        Result<std::optional<dns::RecordView>> record = content_.records->next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            out += json_ ? "]}\n" : "";
            return false;
        }
        out += json_ ? "," : "";
        append(**record, out);
    }
    return true;
}

Result<bool> DiffText::fill(std::string& out) {
    if (!begun_) {
        begun_ = true;
        begin(out);
    }
    // --stat writes nothing on its way: pieces are for the reader's sake only.
    while (out.size() < kTextPieceBytes) {
        const Result<std::optional<Change>> change = changes_.next();
        if (!change) {
            return fail(change.error());
        }
        if (!*change) {
            finish(out);
            return false;
        }
        take(**change, out);
    }
    return true;
}

void DiffText::begin(std::string& out) {
    soa_differs_ = !same_soa(from_.soa, to_.soa);
    if (json_) {
        out += fmt::format("{{\"zone\":{},\"from\":{},\"to\":{},",
                           control::json_text(to_.soa.owner.to_text()), from_.soa.serial.value(),
                           to_.soa.serial.value());
        out += form_ == DiffForm::lines ? "\"changes\":[" : "";
    }
    if (soa_differs_ && form_ == DiffForm::lines) {
        append('-', from_.soa.record().view(), out);
        append('+', to_.soa.record().view(), out);
    }
}

void DiffText::append(char sign, const dns::RecordView& record, std::string& out) {
    if (!json_) {
        out += sign;
        text::append_record(record, out);
        return;
    }
    line_.clear();
    text::append_record(record, line_);
    line_.pop_back();
    out += fmt::format("{}{{\"op\":\"{}\",\"record\":{}}}", first_ ? "" : ",", sign,
                       control::json_text(line_));
    first_ = false;
}

void DiffText::take(const Change& change, std::string& out) {
    const dns::RrType type = change.removed ? change.removed->type : change.added->type;
    Count& count = counts_[type];
    if (change.removed) {
        ++count.removed;
        ++total_.removed;
    }
    if (change.added) {
        ++count.added;
        ++total_.added;
    }
    if (form_ == DiffForm::stat) {
        return;
    }
    if (change.removed) {
        append('-', *change.removed, out);
    }
    if (change.added) {
        append('+', *change.added, out);
    }
}

void DiffText::finish(std::string& out) const {
    if (form_ == DiffForm::stat && !(is_equal() && !json_)) {
        finish_stat(out);
        return;
    }
    if (json_) {
        out += fmt::format("],\"removed\":{},\"added\":{},\"equal\":{}}}\n", total_.removed,
                           total_.added, is_equal());
    } else if (is_equal()) {
        out += fmt::format("; {} no difference, serial {} on both sides\n", to_.soa.owner.to_text(),
                           to_.soa.serial.value());
    }
}

void DiffText::finish_stat(std::string& out) const {
    if (json_) {
        out += "\"types\":{";
        std::string_view comma;
        for (const auto& [type, count] : counts_) {
            out += fmt::format("{}\"{}\":{{\"removed\":{},\"added\":{}}}", comma,
                               dns::to_text(type), count.removed, count.added);
            comma = ",";
        }
        out += fmt::format("}},\"removed\":{},\"added\":{},\"equal\":{}}}\n", total_.removed,
                           total_.added, is_equal());
        return;
    }
    out += fmt::format("{} {}: -{} +{} records\n", to_.soa.owner.to_text(),
                       steps_in_words(from_.soa, to_.soa), total_.removed, total_.added);
    for (const auto& [type, count] : counts_) {
        out += fmt::format("{:<10} -{} +{}\n", dns::to_text(type), count.removed, count.added);
    }
    if (soa_differs_ && from_.soa.serial == to_.soa.serial) {
        out += "SOA differs under one serial\n";
    }
}

}  // namespace twinzone::service
