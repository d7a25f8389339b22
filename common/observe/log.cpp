#include "common/observe/log.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <syslog.h>

#include "common/base/assert.h"
#include "common/observe/line_limiter.h"

namespace twinzone::observe {

namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"debug",   "info",  "notice",
                                                      "warning", "error", "critical"};

// A peer's faults of one kind: this many lines at once, then one in each interval.
constexpr std::uint32_t kPeerFaultBurst = 10;
constexpr seconds kPeerFaultInterval{1};

// spdlog's own syslog sink knows no notice. It has as many levels as we; they carry ours by number.
class SyslogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    // syslog(3) keeps the pointer to the name, hence the member.
    explicit SyslogSink(std::string program) : program_(std::move(program)) {
        openlog(program_.c_str(), LOG_PID, LOG_DAEMON);
    }
    SyslogSink(const SyslogSink&) = delete;
    SyslogSink& operator=(const SyslogSink&) = delete;
    ~SyslogSink() override { closelog(); }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        syslog(syslog_severity(static_cast<Level>(message.level)), "%.*s",
               static_cast<int>(message.payload.size()), message.payload.data());
    }
    void flush_() override {}

  private:
    std::string program_;
};

// True when stderr is the very stream that systemd connected to the journal (systemd.exec(5)).
bool is_stderr_the_journal(const struct stat& error_stream) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    return stream != nullptr &&
           fmt::format("{}:{}", error_stream.st_dev, error_stream.st_ino) == stream;
}

LineStyle style_on_stderr() {
    struct stat error_stream {};
    if (fstat(STDERR_FILENO, &error_stream) != 0) {
        return LineStyle::plain;
    }
    if (is_stderr_the_journal(error_stream)) {
        return LineStyle::journal;
    }
    const bool keeps_lines_as_they_are =
        S_ISREG(error_stream.st_mode) || isatty(STDERR_FILENO) != 0;
    return keeps_lines_as_they_are ? LineStyle::timed : LineStyle::plain;
}

LineStyle style_for(const LogSettings& settings) {
    if (settings.json) {
        const bool to_journal =
            settings.target == "stderr" && style_on_stderr() == LineStyle::journal;
        return to_journal ? LineStyle::journal_json : LineStyle::json;
    }
    if (settings.target == "syslog") {
        return LineStyle::bare;
    }
    return settings.target == "stderr" ? style_on_stderr() : LineStyle::timed;
}

std::unique_ptr<spdlog::formatter> whole_line_formatter() {
    return std::make_unique<spdlog::pattern_formatter>("%v");
}

Result<spdlog::sink_ptr> open_sink(const LogSettings& settings) {
    spdlog::sink_ptr sink;
    try {
        if (settings.target == "stderr") {
            sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
        } else if (settings.target == "syslog") {
            sink = std::make_shared<SyslogSink>(settings.program);
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(settings.target);
        }
    } catch (const spdlog::spdlog_ex& failure) {
        return fail(Errc::file_unreadable, fmt::format("log: {}", failure.what()));
    }
    sink->set_formatter(whole_line_formatter());
    return sink;
}

std::int64_t unix_milliseconds() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

}  // namespace

std::string_view to_string(Level level) noexcept {
    return kLevelNames[static_cast<std::size_t>(level)];
}

Result<Level> level_from_text(std::string_view text) {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (kLevelNames[i] == text) {
            return static_cast<Level>(i);
        }
    }
    return fail(Errc::usage,
                fmt::format("'{}' is no log level: {}", text, fmt::join(kLevelNames, ", ")));
}

struct Log::Core {
    LogSettings settings;
    std::atomic<LineStyle> style{};
    std::atomic<Level> level{};

    std::mutex mutex;  // guards what follows
    spdlog::sink_ptr sink;
    LineLimiter limiter{kPeerFaultBurst, kPeerFaultInterval};

    void write(const Event& event);
};

void Log::Core::write(const Event& event) {
    const std::string line = format_line(style, event);
    const auto number = static_cast<spdlog::level::level_enum>(event.level);
    const std::lock_guard lock{mutex};
    try {
        sink->log(spdlog::details::log_msg{{}, number, line});
        sink->flush();
    } catch (const spdlog::spdlog_ex&) {
        // A full disk, say. The next line tries again; there is no place left to report it to.
        return;
    }
}

Result<std::unique_ptr<Log>> Log::open(const LogSettings& settings) {
    Result<spdlog::sink_ptr> sink = open_sink(settings);
    if (!sink) {
        return fail(std::move(sink).error());
    }
    auto core = std::make_unique<Core>();
    core->settings = settings;
    core->style = style_for(settings);
    core->level = settings.level;
    core->sink = std::move(*sink);
    return std::unique_ptr<Log>{new Log{std::move(core)}};
}

Log::Log(std::unique_ptr<Core> core) noexcept : core_(std::move(core)) {}

Log::~Log() = default;

void Log::zone(Level level, std::string_view name, std::string_view text,
               std::span<const Member> members) {
    if (is_enabled(level)) {
        core_->write({level, name, text, unix_milliseconds(), members});
    }
}

void Log::server(Level level, std::string_view text) {
    zone(level, {}, text);
}

void Log::peer_fault(Level level, std::string_view kind, std::string_view text, Instant now) {
    if (!is_enabled(level)) {
        return;
    }
    std::optional<std::uint64_t> dropped;
    {
        const std::lock_guard lock{core_->mutex};
        dropped = core_->limiter.admit(kind, now);
    }
    if (!dropped) {
        return;
    }
    if (*dropped == 0) {
        server(level, text);
    } else {
        server(level, fmt::format("{} ({} more like this were not logged)", text, *dropped));
    }
}

bool Log::is_enabled(Level level) const noexcept {
    return level >= core_->level.load(std::memory_order_relaxed);
}

Result<void> Log::apply(const LogSettings& settings) {
    const bool same_sink = settings.target == core_->settings.target;
    Result<spdlog::sink_ptr> sink =
        same_sink ? Result<spdlog::sink_ptr>{nullptr} : open_sink(settings);
    if (!sink) {
        return fail(std::move(sink).error());
    }
    const std::lock_guard lock{core_->mutex};
    if (!same_sink) {
        core_->sink = std::move(*sink);
    }
    core_->settings = settings;
    core_->style = style_for(settings);
    core_->level = settings.level;
    return {};
}

void Log::set_level(Level level) noexcept {
    core_->level.store(level, std::memory_order_relaxed);
}

Result<void> Log::reopen() {
    if (core_->settings.target == "stderr" || core_->settings.target == "syslog") {
        return {};
    }
    Result<spdlog::sink_ptr> sink = open_sink(core_->settings);
    if (!sink) {
        return fail(std::move(sink).error());
    }
    const std::lock_guard lock{core_->mutex};
    core_->sink = std::move(*sink);
    return {};
}

}  // namespace twinzone::observe
