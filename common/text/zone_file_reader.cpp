#include "common/text/zone_file_reader.h"

#include <array>
#include <climits>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "common/text/char_string.h"
#include "common/text/error_text.h"
#include "common/text/generate.h"
#include "common/text/include_path.h"
#include "common/text/mnemonic.h"
#include "common/text/number.h"
#include "common/text/record_reader.h"
#include "common/text/scanner.h"
#include "common/text/source_window.h"

namespace twinzone::text {

namespace {

static_assert(kMaxEntryBytes < SourceWindow::kWindowBytes / 2);

// A file being read, and what is restored when it ends (RFC 1035 §5.1: $INCLUDE).
struct Source {
    SourceWindow window;
    std::string name;
    std::uint64_t line = 1;          // of the next entry
    std::uint64_t include_line = 0;  // of the $INCLUDE being followed
    dns::Name origin_before;
    std::optional<dns::Name> owner_before;
};

// What one entry was.
enum class Step : std::uint8_t { nothing, record, end, failed };

// A byte order mark of UTF-8 or UTF-16.
bool starts_with_mark(std::string_view text) noexcept {
    return text.substr(0, 3) == "\xef\xbb\xbf" || text.substr(0, 2) == "\xff\xfe" ||
           text.substr(0, 2) == "\xfe\xff";
}

}  // namespace

class ZoneFileReader::Impl {
  public:
    Impl(SourceWindow window, std::string name, bool is_file, ZoneFileOptions options)
        : options_(std::move(options)),
          is_file_(is_file),
          records_(options_.origin, options_.default_ttl, options_.is_later_part) {
        sources_.push_back(Source{std::move(window), std::move(name), 1, 0, {}, {}});
    }

    [[nodiscard]] Result<std::optional<dns::RecordView>> next();
    [[nodiscard]] std::string where() const {
        return fmt::format("{}:{}", record_file_, record_line_);
    }
    [[nodiscard]] bool ended_with_newline() const noexcept { return ended_with_newline_; }
    [[nodiscard]] const std::vector<std::string>& included_files() const noexcept {
        return included_files_;
    }
    [[nodiscard]] ZoneFileContext context() const {
        return {.origin = records_.origin(), .default_ttl = records_.default_ttl()};
    }

  private:
    [[nodiscard]] Source& source() noexcept { return sources_.back(); }

    [[nodiscard]] Step read_entry();
    [[nodiscard]] Step read_generated();
    [[nodiscard]] Step read_line(std::string_view text);
    [[nodiscard]] Step read_record(const Token& token, bool blank_owner);
    [[nodiscard]] Step finish_entry(std::string_view text, Step step);
    [[nodiscard]] Step leave_source();

    void read_directive(const Token& token);
    void read_include();
    [[nodiscard]] dns::Name read_directive_name(const Token& token);
    void enter_include();

    [[nodiscard]] Error error();

    ZoneFileOptions options_;
    bool is_file_;
    std::vector<Source> sources_;
    Scanner scanner_;
    RecordReader records_;
    Generator generator_;
    std::string_view entry_;  // the text being scanned
    bool entry_is_generated_ = false;
    std::uint64_t entry_line_ = 1;    // of the file
    std::optional<Source> included_;  // to be entered once the $INCLUDE line is passed
    std::vector<std::string> included_files_;
    std::optional<Error> system_error_;
    dns::RecordView record_;
    std::uint64_t record_count_ = 0;
    bool source_is_new_ = true;  // record_file_ is of another source
    std::string record_file_;
    std::uint64_t record_line_ = 0;
    bool ended_with_newline_ = true;
    bool dead_ = false;
};

Result<std::optional<dns::RecordView>> ZoneFileReader::Impl::next() {
    TWINZONE_ASSERT(!dead_);
    for (;;) {
        const Step step = generator_.done() ? read_entry() : read_generated();
        switch (step) {
            case Step::nothing: break;
            case Step::record: return std::optional{record_};
            case Step::end: return std::optional<dns::RecordView>{};
            case Step::failed: dead_ = true; return fail(error());
        }
    }
}

Step ZoneFileReader::Impl::read_entry() {
    if (sources_.empty()) {
        return Step::end;
    }
    SourceWindow& window = source().window;
    if (const int code = window.fill(kMaxEntryBytes + 1); code != 0) [[unlikely]] {
        system_error_ =
            Error{Errc::file_unreadable, fmt::format("{}: {}", source().name, std::strerror(code))};
        return Step::failed;
    }
    entry_ = window.text();
    entry_is_generated_ = false;
    entry_line_ = source().line;
    if (entry_.empty()) {
        return leave_source();
    }
    scanner_.open(entry_, window.is_last());
    if (entry_line_ == 1 && starts_with_mark(entry_)) [[unlikely]] {
        scanner_.fail(entry_.data(), "byte order mark: save the file as plain UTF-8 or ASCII");
        return Step::failed;
    }
    const Step step = finish_entry(entry_, read_line(entry_));
    if (step == Step::failed) [[unlikely]] {
        return step;
    }
    ended_with_newline_ = ended_with_newline_ && !scanner_.cut_off();
    source().line += scanner_.lines();
    window.pass_to(scanner_.at());
    if (included_) [[unlikely]] {
        enter_include();
    }
    return step;
}

Step ZoneFileReader::Impl::read_generated() {
    const Result<std::string_view> made = generator_.make();
    entry_ = made ? *made : generator_.template_text();
    entry_is_generated_ = true;
    scanner_.open(entry_, true);
    if (!made) {
        scanner_.fail(entry_.data(), made.error().detail(), made.error().code());
        return Step::failed;
    }
    const Token owner = scanner_.next();
    return finish_entry(entry_, owner.is_end() ? Step::nothing : read_record(owner, false));
}

// Reads what stands on the line(s) of one entry, up to its end but not over it.
Step ZoneFileReader::Impl::read_line(std::string_view text) {
    const bool blank_owner = char_class(text[0]) == CharClass::blank;
    const Token token = scanner_.next();
    if (token.is_end()) {
        return Step::nothing;
    }
    if (*token.begin == '$' && token.kind == TokenKind::word && !blank_owner) [[unlikely]] {
        read_directive(token);
        return Step::nothing;
    }
    return read_record(token, blank_owner);
}

Step ZoneFileReader::Impl::read_record(const Token& token, bool blank_owner) {
    record_ = records_.read(scanner_, token, blank_owner);
    record_line_ = entry_line_;
    if (record_count_++ == options_.max_records) [[unlikely]] {
        scanner_.fail(token.begin, fmt::format("more than {} records", options_.max_records),
                      Errc::limit);
    }
    return Step::record;
}

Step ZoneFileReader::Impl::finish_entry(std::string_view text, Step step) {
    if (!scanner_.failed()) [[likely]] {
        scanner_.finish();
    }
    if (scanner_.at() - text.data() > static_cast<std::ptrdiff_t>(kMaxEntryBytes)) [[unlikely]] {
        scanner_.fail(text.data(),
                      fmt::format("record or comment longer than {} octets", kMaxEntryBytes),
                      Errc::limit);
    }
    if (scanner_.failed()) [[unlikely]] {
        return Step::failed;
    }
    if (step == Step::record && source_is_new_) [[unlikely]] {
        record_file_ = source().name;
        source_is_new_ = false;
    }
    return step;
}

Step ZoneFileReader::Impl::leave_source() {
    if (sources_.size() > 1) {
        records_.set_origin(source().origin_before);
        records_.set_owner(source().owner_before);
        sources_.pop_back();
        source_is_new_ = true;
        return Step::nothing;
    }
    return Step::end;
}

void ZoneFileReader::Impl::read_directive(const Token& token) {
    const std::string_view word = token.text();
    if (equal_ignoring_case(word, "$ORIGIN")) {
        records_.set_origin(read_directive_name(scanner_.need("a name")));
    } else if (equal_ignoring_case(word, "$TTL")) {
        const Token ttl = scanner_.need("a TTL");
        records_.set_default_ttl(dns::Ttl{read_period(scanner_, ttl, kMaxTtl, "TTL")});
    } else if (equal_ignoring_case(word, "$INCLUDE")) {
        read_include();
    } else if (equal_ignoring_case(word, "$GENERATE")) {
        generator_ = Generator::read(scanner_);
    } else {
        scanner_.fail(token.begin, fmt::format("'{:.40}' is no directive", word));
    }
}

dns::Name ZoneFileReader::Impl::read_directive_name(const Token& token) {
    std::array<std::uint8_t, kNameBufferBytes> wire{};
    const std::size_t size = read_name(scanner_, token, records_.origin().view(), wire.data());
    return size == 0 ? dns::Name{} : dns::Name{dns::NameView::unchecked({wire.data(), size})};
}

// $INCLUDE FILE [ORIGIN]
void ZoneFileReader::Impl::read_include() {
    const Token file = scanner_.need("a file name");
    std::array<std::uint8_t, PATH_MAX> octets{};
    const std::size_t size = read_octets(scanner_, file, octets.size(), octets.data());
    const Token origin_token = scanner_.next();
    const dns::Name origin =
        origin_token.is_end() ? records_.origin() : read_directive_name(origin_token);
    if (!scanner_.failed() && sources_.size() > options_.max_include_depth) {
        scanner_.fail(file.begin,
                      fmt::format("$INCLUDE deeper than {}", options_.max_include_depth),
                      Errc::limit);
    }
    if (scanner_.failed()) {
        return;
    }
    const std::string base = is_file_ ? folder_of(source().name) : options_.include_root_dir;
    const Result<std::string> path = include_path(
        std::string{as_text(ByteView{octets}.first(size))}, base, options_.include_root_dir);
    if (path) {
        included_files_.push_back(*path);
    }
    Result<SourceWindow> window = path ? SourceWindow::open(*path) : fail(path.error());
    if (!window) {
        scanner_.fail(file.begin, "cannot include " + window.error().detail(),
                      window.error().code());
        return;
    }
    included_.emplace(Source{std::move(*window), *path, 1, 0, records_.origin(), records_.owner()});
    records_.set_origin(origin);
    records_.set_owner(std::nullopt);
}

void ZoneFileReader::Impl::enter_include() {
    source().include_line = entry_line_;
    sources_.push_back(std::move(*included_));
    included_.reset();
    source_is_new_ = true;
}

Error ZoneFileReader::Impl::error() {
    if (system_error_) {
        return *system_error_;
    }
    FaultContext context;
    context.place = {source().name, entry_line_};
    context.text = entry_;
    for (std::size_t i = sources_.size() - 1; i > 0; --i) {
        context.included_from.push_back({sources_[i - 1].name, sources_[i - 1].include_line});
    }
    if (entry_is_generated_) {
        context.generated = fmt::format("that $GENERATE makes");
    }
    return Error{scanner_.fault().code, error_text(scanner_.fault(), context)};
}

ZoneFileReader::ZoneFileReader(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ZoneFileReader::ZoneFileReader(ZoneFileReader&& other) noexcept = default;
ZoneFileReader& ZoneFileReader::operator=(ZoneFileReader&& other) noexcept = default;
ZoneFileReader::~ZoneFileReader() = default;

Result<ZoneFileReader> ZoneFileReader::open(const std::string& path, ZoneFileOptions options) {
    Result<SourceWindow> window = SourceWindow::open(path);
    if (!window) {
        return fail(std::move(window).error());
    }
    return ZoneFileReader{
        std::make_unique<Impl>(std::move(*window), path, true, std::move(options))};
}

ZoneFileReader ZoneFileReader::from_text(std::string_view text, std::string display_name,
                                         ZoneFileOptions options) {
    return ZoneFileReader{std::make_unique<Impl>(SourceWindow::over(text), std::move(display_name),
                                                 false, std::move(options))};
}

Result<std::optional<dns::RecordView>> ZoneFileReader::next() {
    return impl_->next();
}

std::string ZoneFileReader::where() const {
    return impl_->where();
}

const std::vector<std::string>& ZoneFileReader::included_files() const noexcept {
    return impl_->included_files();
}

ZoneFileContext ZoneFileReader::context() const {
    return impl_->context();
}

bool ZoneFileReader::ended_with_newline() const noexcept {
    return impl_->ended_with_newline();
}

}  // namespace twinzone::text
