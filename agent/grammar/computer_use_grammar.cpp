#include "agent/grammar/computer_use_grammar.h"

#include <algorithm>
#include <array>

#include "core/constraint/json_schema.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t most_pixels = 2'000, longest_wait = 60, most_keys = 4;

struct Variant {
  Json properties, required;
};

/// What an action takes beside its name; nothing for one that is not offered.
class Variants {
 public:
  Variants(const ComputerUse& tool, const Extent& frame)
      : tool_(tool), point_(point_schema(largest_point(tool.points, frame))) {}

  std::optional<Variant> of(std::string_view action) const {
    if (const auto clicked = pointing(action)) return clicked;
    if (const auto web = browsing(action)) return web;
    if (action == "type") return typing();
    if (action == "answer" || action == "call_user" || action == "interact")
      return Variant{{{"text", text_schema(1)}}, {"text"}};
    if (action == "key" || action == "key_down" || action == "key_up")
      return Variant{{{"keys", key_list_schema(most_keys)}}, {"keys"}};
    if (action == "wait") return Variant{{{"time", whole_schema(0, longest_wait)}}, {"time"}};
    if (action == "screenshot") return Variant{Json::object(), Json::array()};
    if (action == "terminate") return ending();
    return std::nullopt;
  }

 private:
  std::optional<Variant> pointing(std::string_view action) const {
    if (action.ends_with("_click")) {
      Variant click{{{"coordinate", point_}}, {"coordinate"}};
      if (tool_.text_holds_keys) click.properties["text"] = word_schema({"ctrl", "shift", "alt", "ctrl+shift"});
      return click;
    }
    if (action == "mouse_move" || action == "left_click_drag") return Variant{{{"coordinate", point_}}, {"coordinate"}};
    if (action == "left_mouse_down" || action == "left_mouse_up")
      return Variant{{{"coordinate", point_}}, Json::array()};
    if (action == "scroll" || action == "hscroll")
      return Variant{{{"coordinate", point_},
                      {"pixels", {{"anyOf", {whole_schema(-most_pixels, -1), whole_schema(1, most_pixels)}}}}},
                     {"pixels"}};
    return std::nullopt;
  }

  static std::optional<Variant> browsing(std::string_view action) {
    if (action == "visit_url") return Variant{{{"url", line_schema()}}, {"url"}};
    if (action == "web_search") return Variant{{{"query", line_schema()}}, {"query"}};
    if (action == "history_back") return Variant{Json::object(), Json::array()};
    if (action == "pause_and_memorize_fact") return Variant{{{"fact", text_schema(1)}}, {"fact"}};
    if (action == "ask_user_question") return Variant{{{"question", text_schema(1)}}, {"question"}};
    return std::nullopt;
  }

  bool takes(std::string_view parameter) const { return is_one_of(parameter, tool_.parameters); }

  Variant typing() const {
    if (!takes("press_enter")) return {{{"text", text_schema(1)}}, {"text"}};
    return {{{"coordinate", point_},
             {"text", text_schema(1)},
             {"press_enter", {{"type", "boolean"}}},
             {"delete_existing_text", {{"type", "boolean"}}}},
            {"text"}};
  }

  Variant ending() const {
    if (takes("answer")) return {{{"answer", text_schema(0)}}, {"answer"}};
    return {{{"status", word_schema({"success", "failure"})}}, {"status"}};
  }

  const ComputerUse& tool_;
  Json point_;
};

/// What would end the text between its tags, or be read before it.
constexpr std::array<std::string_view, 12> ends_of_text = {
    "</parameter>",    "</function>",  "</tool_call>", "<tool_call>",   "<function=", "<parameter=",
    "<tool_response>", "<|im_start|>", "<|im_end|>",   "<|endoftext|>", "</think>",   "<think>"};

ReplyExpression parameter_text(GrammarBuilder& b, const Json& schema) {
  const auto least = static_cast<uint32_t>(schema.value("minLength", 0));
  return schema.contains("pattern") ? b.repeat(b.byte('!', ';'), 1) : text_without(b, ends_of_text, least);
}

ReplyExpression parameter_value(GrammarBuilder& b, const Json& schema) {
  if (!schema.contains("enum") && schema.value("type", "") != "string") return add_json_schema(b, schema);
  if (!schema.contains("enum")) return parameter_text(b, schema);
  std::vector<std::string> words;
  for (const Json& word : schema["enum"]) words.push_back(word);
  return b.any_of(words);
}

ReplyExpression xml_call(GrammarBuilder& b, const Json& variant) {
  std::vector<ReplyExpression> parts = {b.literal("<tool_call>\n<function=computer_use>\n")};
  for (const auto& [name, schema] : variant["properties"].items()) {
    const ReplyExpression parameter = b.sequence(
        {b.literal("<parameter=" + name + ">\n"), parameter_value(b, schema), b.literal("\n</parameter>\n")});
    const Json& required = variant["required"];
    const bool needed = std::find(required.begin(), required.end(), name) != required.end();
    parts.push_back(needed ? parameter : b.optional(parameter));
  }
  parts.push_back(b.literal("</function>\n</tool_call>"));
  return b.sequence(std::move(parts));
}

ReplyExpression json_call(GrammarBuilder& b, const std::vector<Json>& variants) {
  const Json call = object_schema({{"name", word_schema({"computer_use"})}, {"arguments", {{"anyOf", variants}}}},
                                  {"name", "arguments"});
  return b.sequence({b.literal("<tool_call>\n"), add_json_schema(b, call), b.literal("\n</tool_call>")});
}

}  // namespace

std::vector<Json> computer_use_variants(const ComputerUse& tool, const Extent& frame) {
  const Variants variants(tool, frame);
  std::vector<Json> schemas;
  for (const std::string_view action : tool.actions) {
    std::optional<Variant> variant = variants.of(action);
    if (!variant) continue;
    Json properties = {{"action", word_schema({action})}}, required = {"action"};
    properties.update(variant->properties);
    required.insert(required.end(), variant->required.begin(), variant->required.end());
    schemas.push_back(object_schema(std::move(properties), std::move(required)));
  }
  return schemas;
}

std::shared_ptr<const Grammar> computer_use_grammar(const ComputerUse& tool, const Extent& frame,
                                                    CallNotation notation) {
  GrammarBuilder b;
  const std::vector<Json> variants = computer_use_variants(tool, frame);
  std::vector<ReplyExpression> calls;
  if (notation == CallNotation::json) calls.push_back(json_call(b, variants));
  if (notation == CallNotation::xml)
    for (const Json& variant : variants) calls.push_back(xml_call(b, variant));
  return std::make_shared<const Grammar>(
      b.build(b.sequence({thought(b), b.optional(prose(b)), b.choice(std::move(calls))})));
}

}  // namespace deskhand
