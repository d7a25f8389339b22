// Collects incoming full transfers in the store's sorter: any size within bounded memory.
#pragma once

#include <string>

#include "common/service/content_intake.h"

namespace twinzone::service {

class SorterIntakeSource final : public IntakeSource {
  public:
    // `directory`: where runs are spilled; the store's.
    explicit SorterIntakeSource(std::string directory) : directory_(std::move(directory)) {}

    [[nodiscard]] std::unique_ptr<ContentIntake> open() override;

  private:
    std::string directory_;
};

}  // namespace twinzone::service
