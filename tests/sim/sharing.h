// A simulated primary's part in a shared history: the production core over the modelled PostgreSQL
// and the model store. The counterpart of common/service/shared_history.h and agreement_desk.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/service/agreement.h"
#include "common/service/shared_part.h"
#include "tests/sim/model_link.h"
#include "tests/sim/model_store.h"
#include "tests/sim/node.h"

namespace twinzone::sim {

// One for each life of a process, which outlives it.
class Sharing : public std::enable_shared_from_this<Sharing> {
  public:
    using NotifiedOf = std::function<std::vector<std::string>(const dns::Name& zone)>;
    using Publish = std::function<void(const dns::Name& zone, const zone::Version& version)>;

    Sharing(Fabric& fabric, const NodeSettings& settings, ModelStore& store,
            service::IntakeSource& intakes, NotifiedOf notified_of, Publish publish);
    ~Sharing();
    Sharing(const Sharing&) = delete;
    Sharing& operator=(const Sharing&) = delete;

    void begin();
    void put(const dns::Name& zone);
    // What the store's writer asks; `done` is called later, once.
    void agree(std::vector<store::Proposal> proposals, std::function<void(Result<void>)> done);
    void give_back(const std::function<void()>& then);

    [[nodiscard]] bool leads() const;
    // For the trace and for who looks into a violation.
    [[nodiscard]] std::string text() const;

  private:
    struct Asked;

    void pump();
    void run(service::SharedAction action);
    void tell(const service::SharedEvent& event);
    void arm();
    void go_on(const std::shared_ptr<Asked>& asked);
    [[nodiscard]] Now now() const { return fabric_.world.now(); }

    Fabric& fabric_;
    const NodeSettings& settings_;
    ModelStore& store_;
    NotifiedOf notified_of_;
    Publish publish_;
    service::SharedPart part_;
    std::shared_ptr<ModelLink> link_;
    std::uint64_t timer_ = 0;  // counts armings: only the last one fires
    Instant armed_{};          // for when; of the last arming
    bool is_armed_ = false;
};

}  // namespace twinzone::sim
