#include "common/control/protocol.h"

#include <nlohmann/json.hpp>

namespace twinzone::control {

namespace {

using nlohmann::ordered_json;
using Replace = ordered_json::error_handler_t;

constexpr int kExitFailed = 1;

std::string line_of(const ordered_json& object) {
    return object.dump(-1, ' ', false, Replace::replace) + '\n';
}

// Gives a value that is no object where the line is no JSON.
ordered_json parse(std::string_view line) {
    return ordered_json::parse(line, nullptr, false);
}

Failure malformed(std::string_view what) {
    return fail(Errc::message_malformed, std::string{what});
}

// The member as a T; nullptr where it is not there or something else.
template <class T>
const T* member(const ordered_json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : found->get_ptr<const T*>();
}

Result<void> read_operands(const ordered_json& values, Request& request) {
    if (!values.is_array() || values.size() > kMaxArguments) {
        return malformed("'operands' is no list of at most 1000 texts");
    }
    for (const ordered_json& value : values) {
        const auto* text = value.get_ptr<const std::string*>();
        if (text == nullptr) {
            return malformed("an operand is no text");
        }
        request.operands.push_back(*text);
    }
    return {};
}

Result<void> read_arguments(const ordered_json& values, Request& request) {
    if (!values.is_object() || values.size() > kMaxArguments) {
        return malformed("'args' is no object of at most 1000 members");
    }
    for (const auto& [name, value] : values.items()) {
        if (name == "operands") {
            if (Result<void> done = read_operands(value, request); !done) {
                return done;
            }
            continue;
        }
        const auto* text = value.get_ptr<const std::string*>();
        if (text == nullptr) {
            return malformed("an argument is no text");
        }
        request.options.emplace(name, *text);
    }
    return {};
}

}  // namespace

std::string_view Request::option(std::string_view name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string_view{} : std::string_view{found->second};
}

std::string encode(const Request& request) {
    ordered_json arguments = ordered_json::object();
    if (!request.operands.empty()) {
        arguments["operands"] = request.operands;
    }
    for (const auto& [name, value] : request.options) {
        arguments[name] = value;
    }
    return line_of({{"verb", request.verb}, {"args", std::move(arguments)}});
}

std::string encode(const Response& response) {
    ordered_json object = {{"ok", response.ok()}, {"exit", response.exit}};
    if (!response.ok()) {
        object["error"] = response.error;
    }
    if (response.more) {
        object["more"] = true;
    }
    object["output"] = response.output;
    std::string line = line_of(object);
    if (line.size() > kMaxResponseBytes) {
        return encode(Response{.exit = kExitFailed,
                               .output = {},
                               .error = "the answer is too large; ask for one zone, or --stale"});
    }
    return line;
}

Result<Request> decode_request(std::string_view line) {
    if (line.size() > kMaxRequestBytes) {
        return malformed("the request is too long");
    }
    const ordered_json object = parse(line);
    const auto* verb = object.is_object() ? member<std::string>(object, "verb") : nullptr;
    if (verb == nullptr) {
        return malformed("a request is a JSON object with a 'verb'");
    }
    Request request{.verb = *verb, .operands = {}, .options = {}};
    if (const auto arguments = object.find("args"); arguments != object.end()) {
        if (Result<void> done = read_arguments(*arguments, request); !done) {
            return fail(std::move(done).error());
        }
    }
    return request;
}

Result<Response> decode_response(std::string_view line) {
    const ordered_json object = parse(line);
    const bool is_answer = object.is_object() && object.contains("ok") && object.contains("exit");
    if (!is_answer || !object["ok"].is_boolean() || !object["exit"].is_number_integer()) {
        return malformed("what answered is no daemon of ours");
    }
    const auto code = object["exit"].get<std::int64_t>();
    if (code < 0 || code > 255) {
        return malformed("the answer has an exit code beyond 255");
    }
    Response response{.exit = static_cast<int>(code), .output = {}, .error = {}};
    if (const auto* output = member<std::string>(object, "output")) {
        response.output = *output;
    }
    if (const auto* error = member<std::string>(object, "error")) {
        response.error = *error;
    }
    if (const auto* more = member<bool>(object, "more")) {
        response.more = *more;
    }
    // An error without words is still one.
    if (!object["ok"].get<bool>() && response.error.empty()) {
        response.error = "failed";
    }
    return response;
}

}  // namespace twinzone::control
