// The text format of Prometheus (exposition format 0.0.4). Wraps the serializer of prometheus-cpp;
// the only place with its headers. Its registry is not used: the series of 100,000 zones are made
// when they are asked for, family by family, and kept nowhere.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "common/observe/metrics.h"

namespace twinzone::observe {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType : std::uint8_t { counter, gauge };

// Not thread-safe. Families come out in the order they were put in.
class Exposition {
  public:
    Exposition();
    ~Exposition();
    Exposition(const Exposition&) = delete;
    Exposition& operator=(const Exposition&) = delete;

    void put(const CounterFamily& family);
    void put(const Histogram& histogram);

    // One without labels.
    void put(MetricType type, std::string_view name, std::string_view help, double value);

    // Begins a family; add() gives it its series, one value for each label.
    void begin(MetricType type, std::string_view name, std::string_view help,
               std::initializer_list<std::string_view> labels);
    void add(std::initializer_list<std::string_view> values, double value);

    // All of it; the object is empty after.
    [[nodiscard]] std::string take();

  private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace twinzone::observe
