// Where the records of an incoming full transfer are collected until the answer is whole: a sorter
// that spills to the store's disk in production, a list in the simulator.
#pragma once

#include <memory>

#include "common/transfer/record_sink.h"
#include "common/zone/record_stream.h"

namespace twinzone::service {

class ContentIntake : public transfer::RecordSink {
  public:
    // All records in canonical order, duplicates gone. Cheap: sorting happens when the stream is
    // first read. Call once, last.
    [[nodiscard]] virtual std::unique_ptr<zone::RecordStream> finish() = 0;
};

// Outlives the intakes it opened.
class IntakeSource {
  public:
    virtual ~IntakeSource() = default;

    [[nodiscard]] virtual std::unique_ptr<ContentIntake> open() = 0;
};

}  // namespace twinzone::service
