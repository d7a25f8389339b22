#include "common/observe/exposition.h"

#include <locale>
#include <sstream>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "common/base/assert.h"

namespace twinzone::observe {

namespace {

prometheus::MetricType library_type(MetricType type) noexcept {
    return type == MetricType::counter ? prometheus::MetricType::Counter
                                       : prometheus::MetricType::Gauge;
}

void set_value(prometheus::ClientMetric& metric, prometheus::MetricType type, double value) {
    if (type == prometheus::MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
}

prometheus::ClientMetric library_histogram(const Histogram& histogram) {
    prometheus::ClientMetric metric;
    metric.histogram.sample_count = histogram.count();
    metric.histogram.sample_sum = histogram.sum_seconds();
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
        so_far += histogram.counts()[i];
        metric.histogram.bucket.push_back(
            {.cumulative_count = so_far, .upper_bound = histogram.bounds()[i]});
    }
    return metric;
}

}  // namespace

struct Exposition::Core {
    prometheus::TextSerializer serializer;
    std::ostringstream out;
    std::vector<prometheus::MetricFamily> family{1};  // the serializer wants a list
    std::vector<std::string> labels;

    void begin(prometheus::MetricType type, std::string_view name, std::string_view help);
    void flush();
};

void Exposition::Core::begin(prometheus::MetricType type, std::string_view name,
                             std::string_view help) {
    flush();
    family.front().name = name;
    family.front().help = help;
    family.front().type = type;
}

void Exposition::Core::flush() {
    if (!family.front().name.empty()) {
        serializer.Serialize(out, family);
    }
    family.front() = {};
    labels.clear();
}

Exposition::Exposition() : core_(std::make_unique<Core>()) {
    core_->out.imbue(std::locale::classic());
}

Exposition::~Exposition() = default;

void Exposition::put(const CounterFamily& family) {
    core_->begin(prometheus::MetricType::Counter, family.name(), family.help());
    for (const auto& [values, count] : family.series()) {
        prometheus::ClientMetric& metric = core_->family.front().metric.emplace_back();
        for (std::size_t i = 0; i < values.size(); ++i) {
            metric.label.push_back({std::string{family.labels()[i]}, values[i]});
        }
        metric.counter.value = static_cast<double>(count);
    }
}

void Exposition::put(const Histogram& histogram) {
    core_->begin(prometheus::MetricType::Histogram, histogram.name(), histogram.help());
    core_->family.front().metric.push_back(library_histogram(histogram));
}

void Exposition::put(MetricType type, std::string_view name, std::string_view help, double value) {
    begin(type, name, help, {});
    add({}, value);
}

void Exposition::begin(MetricType type, std::string_view name, std::string_view help,
                       std::initializer_list<std::string_view> labels) {
    core_->begin(library_type(type), name, help);
    core_->labels.assign(labels.begin(), labels.end());
}

void Exposition::add(std::initializer_list<std::string_view> values, double value) {
    TWINZONE_ASSERT(values.size() == core_->labels.size());
    prometheus::MetricFamily& family = core_->family.front();
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.label.reserve(values.size());
    std::size_t i = 0;
    for (const std::string_view text : values) {
        metric.label.push_back({core_->labels[i++], std::string{text}});
    }
    set_value(metric, family.type, value);
}

std::string Exposition::take() {
    core_->flush();
    std::string text = std::move(core_->out).str();
    core_->out.str({});
    return text;
}

}  // namespace twinzone::observe
