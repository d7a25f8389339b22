// Contents and differences as text, made piece by piece: what `export` and `diff` print.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/dns/rr_type.h"
#include "common/dns/soa.h"
#include "common/service/record_changes.h"
#include "common/zone/record_stream.h"

namespace twinzone::service {

// Text that comes in pieces of about this size.
inline constexpr std::size_t kTextPieceBytes = std::size_t{256} << 10;

// Blocking, for the pool; one thread at a time; dead after an error.
class TextSource {
  public:
    virtual ~TextSource() = default;

    // Appends the next piece. True where there is more.
    [[nodiscard]] virtual Result<bool> fill(std::string& out) = 0;
};

// One content.
struct Content {
    dns::SoaRecord soa;
    std::unique_ptr<zone::RecordStream> records;  // canonical order, without the SOA
    std::shared_ptr<const void> keeps;            // what the stream reads from
};

// Every record a line, the SOA first; or one JSON object.
class ContentText final : public TextSource {
  public:
    ContentText(Content content, bool json) : content_(std::move(content)), json_(json) {}
    [[nodiscard]] Result<bool> fill(std::string& out) override;

  private:
    void append(const dns::RecordView& record, std::string& out);

    Content content_;
    bool json_;
    bool begun_ = false;
    std::string line_;
};

enum class DiffForm : std::uint8_t { lines, stat };

// What leads from one content to the other. Where nothing does, it says so in a comment.
class DiffText final : public TextSource {
  public:
    DiffText(Content from, Content to, DiffForm form, bool json)
        : from_(std::move(from)),
          to_(std::move(to)),
          changes_(*from_.records, *to_.records, Sameness::octets),
          form_(form),
          json_(json) {}
    [[nodiscard]] Result<bool> fill(std::string& out) override;

  private:
    struct Count {
        std::uint64_t removed = 0;
        std::uint64_t added = 0;
    };

    void begin(std::string& out);
    void take(const Change& change, std::string& out);
    void append(char sign, const dns::RecordView& record, std::string& out);
    void finish(std::string& out) const;
    void finish_stat(std::string& out) const;
    [[nodiscard]] bool is_equal() const { return !soa_differs_ && counts_.empty(); }

    Content from_;
    Content to_;
    RecordChanges changes_;
    DiffForm form_;
    bool json_;
    bool begun_ = false;
    bool soa_differs_ = false;
    bool first_ = true;                    // no change is written yet
    std::map<dns::RrType, Count> counts_;  // without SOAs
    Count total_;
    std::string line_;
};

}  // namespace twinzone::service
