// How versions of several zones become part of the shared history, all or none: their pages are
// staged first, without any lock; then one append makes them part of it.
//
//   staging --all pages are there--> appending --answer--> decided
//      '-----------an error-------------------------------^
//
// Sans-I/O: the writer thread waits for each answer (agreement_desk.h), the simulator does not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/shared/history.h"
#include "common/store/agreement.h"

namespace twinzone::service {

// Into a blob, from its part `first` on; nullopt: a new one, whose number is the answer.
struct StagePages {
    std::optional<std::int64_t> blob;
    std::int64_t first = 0;
    std::vector<Bytes> pages;
};
// The answer is the last sequence that was given.
struct AppendEntries {
    std::int64_t blob = 0;
    std::vector<shared::Entry> entries;
};
using AgreementRequest = std::variant<StagePages, AppendEntries>;

// One thread only. Borrows the proposals, and takes out of them what it needs.
class Agreement {
  public:
    explicit Agreement(std::span<store::Proposal> proposals) : proposals_(proposals) {}

    // What is to be asked now; handle_answer() belongs to it. nullopt: it is decided.
    [[nodiscard]] std::optional<AgreementRequest> next();
    void handle_answer(const Result<std::int64_t>& answer);

    // Requires: it is decided.
    [[nodiscard]] const Result<void>& result() const { return *result_; }

  private:
    [[nodiscard]] Result<void> fill();
    [[nodiscard]] Result<std::optional<Bytes>> next_page(store::Proposal& proposal);
    void begin_entry(store::Proposal& proposal);

    std::span<store::Proposal> proposals_;
    std::size_t at_ = 0;         // of the proposals
    std::size_t step_page_ = 0;  // of the proposal's steps
    std::vector<shared::Entry> entries_;
    std::vector<Bytes> pages_;  // not staged yet
    std::uint64_t bytes_ = 0;   // of those
    std::int64_t taken_ = 0;    // parts, in all
    std::int64_t staged_ = 0;   // parts that are there, or on their way
    std::optional<std::int64_t> blob_;
    bool appends_ = false;
    std::optional<Result<void>> result_;
};

}  // namespace twinzone::service
