#include "secondary/zone_file_output.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/text/zone_file_reader.h"
#include "common/text/zone_file_writer.h"
#include "common/zone/page_records.h"

namespace twinzone::secondary {

namespace {

using observe::Level;

// Before another try after a failed write (a full disk, most often).
constexpr Duration kRetry = seconds{10};

Failure failed(const std::string& path, const char* what) {
    const int error = errno;
    return fail(error == ENOSPC || error == EDQUOT ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}: {}", path, what, std::generic_category().message(error)));
}

Result<void> write_records(const zone::Snapshot& snapshot, const std::string& path) {
    Result<text::ZoneFileWriter> writer = text::ZoneFileWriter::create(path);
    if (!writer) {
        return fail(std::move(writer).error());
    }
    if (Result<void> soa = writer->append(snapshot.version().soa.record().view()); !soa) {
        return soa;
    }
    zone::PageRecords records{snapshot.pages()};
    while (true) {
        Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            return writer->finish();
        }
        if (Result<void> written = writer->append(**record); !written) {
            return written;
        }
    }
}

// What another server will read must be the version, not what we meant to write.
Result<void> read_back(const zone::Snapshot& snapshot, const std::string& path) {
    text::ZoneFileOptions options;
    options.origin = snapshot.version().soa.owner;
    Result<text::ZoneFileReader> reader = text::ZoneFileReader::open(path, std::move(options));
    if (!reader) {
        return fail(std::move(reader).error());
    }
    zone::Digest digest;
    while (true) {
        Result<std::optional<dns::RecordView>> record = reader->next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            break;
        }
        digest.add(**record);
    }
    if (!(digest == snapshot.version().digest)) {
        return fail(Errc::internal,
                    fmt::format("{}: does not read back as the version with digest {}", path,
                                snapshot.version().digest.to_text()));
    }
    return {};
}

Result<void> sync_folder(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(folder, "cannot open the folder");
    }
    const bool synced = ::fsync(fd) == 0;
    const Failure failure = failed(folder, "cannot sync the folder");
    ::close(fd);
    return synced ? Result<void>{} : Result<void>{failure};
}

// The serial that the file shows: its first record is the SOA where we wrote it.
std::optional<dns::Serial> serial_in(const std::string& path, const dns::Name& zone) {
    text::ZoneFileOptions options;
    options.origin = zone;
    Result<text::ZoneFileReader> reader = text::ZoneFileReader::open(path, std::move(options));
    if (!reader) {
        return std::nullopt;
    }
    const Result<std::optional<dns::RecordView>> record = reader->next();
    if (!record || !*record || (*record)->type != dns::RrType::soa) {
        return std::nullopt;
    }
    const Result<dns::SoaRecord> soa = dns::SoaRecord::parse(**record);
    return soa ? std::optional{soa->serial} : std::nullopt;
}

}  // namespace

Result<void> write_zone_file(const zone::Snapshot& snapshot, const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    // One name: what a process that was killed left there is written over. The store's lock keeps
    // two from writing one file.
    const std::string temporary = fmt::format("{}.new", path);
    Result<void> written = write_records(snapshot, temporary);
    if (written) {
        written = read_back(snapshot, temporary);
    }
    if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
        written = failed(path, "cannot put the new file in place");
    }
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    return sync_folder(folder.empty() ? "." : folder);
}

struct ZoneFileOutput::Output {
    Output(const config::Zone& settings, net::Loop& loop) : zone(settings), timer(loop) {}

    config::Zone zone;
    net::Timer timer;
    bool writing = false;
    bool again = false;  // a newer version came meanwhile
    std::string problem;
};

ZoneFileOutput::ZoneFileOutput(service::Daemon& daemon, std::function<void()> on_idle)
    : daemon_(daemon), on_idle_(std::move(on_idle)) {}

ZoneFileOutput::~ZoneFileOutput() = default;

void ZoneFileOutput::add(const config::Zone& zone) {
    if (zone.output.mode != config::OutputMode::file) {
        return;
    }
    Output& output =
        *outputs_.emplace(zone.name, std::make_unique<Output>(zone, daemon_.loop())).first->second;
    const zone::ZoneState* state = daemon_.store().find(zone.name);
    if (state != nullptr && state->version &&
        serial_in(zone.output.path, zone.name) != state->version->serial()) {
        write(output);
    }
}

void ZoneFileOutput::handle_published(const dns::Name& zone) {
    const auto at = outputs_.find(zone);
    if (at != outputs_.end()) {
        write(*at->second);
    }
}

void ZoneFileOutput::write(Output& output) {
    if (output.writing) {
        output.again = true;
        return;
    }
    Result<std::shared_ptr<const zone::Snapshot>> snapshot =
        daemon_.store().snapshot(output.zone.name);
    output.writing = true;
    output.again = false;
    output.timer.cancel();
    ++writing_;
    auto written = std::make_shared<Result<void>>();
    if (!snapshot) {
        daemon_.loop().post(
            [this, &output, error = snapshot.error()] { handle_written(output, fail(error)); });
        return;
    }
    daemon_.loop().work(
        [written,
         held = std::make_shared<std::shared_ptr<const zone::Snapshot>>(std::move(*snapshot)),
         path = output.zone.output.path] {
            *written = write_zone_file(**held, path);
            held->reset();
        },
        [this, &output, written] { handle_written(output, *written); });
}

void ZoneFileOutput::handle_written(Output& output, const Result<void>& written) {
    output.writing = false;
    --writing_;
    const std::string zone = output.zone.name.to_text();
    if (written) {
        output.problem.clear();
        daemon_.log().zone(Level::info, zone,
                           fmt::format("zone file {} written", output.zone.output.path));
    } else {
        output.problem = written.error().detail();
        daemon_.log().zone(Level::error, zone,
                           fmt::format("zone file not written: {}", output.problem));
        output.timer.arm_after(kRetry, [this, &output] { write(output); });
    }
    if (output.again) {
        write(output);
    }
    if (writing_ == 0 && on_idle_) {
        on_idle_();
    }
}

std::string ZoneFileOutput::problem(const dns::Name& zone) const {
    const auto at = outputs_.find(zone);
    return at == outputs_.end() ? std::string{} : at->second->problem;
}

}  // namespace twinzone::secondary
