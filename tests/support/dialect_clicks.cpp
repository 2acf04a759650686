#include "tests/support/dialect_clicks.h"

#include <map>
#include <stdexcept>

namespace deskhand::testing {
namespace {

constexpr std::string_view xml =
    "<tool_call>\n<function=computer_use>\n<parameter=action>\nleft_click\n</parameter>\n<parameter=coordinate>\n"
    "[X, Y]\n</parameter>\n</function>\n</tool_call>";
constexpr std::string_view tagged =
    "<tool_call>\n{\"name\": \"computer_use\", \"arguments\": {\"action\": \"left_click\", \"coordinate\": [X, Y]}}\n"
    "</tool_call>";
constexpr std::string_view holo_xml =
    "<tool_call>\n<function=click_desktop>\n<parameter=element>\nOK\n</parameter>\n<parameter=x>\nX\n</parameter>\n"
    "<parameter=y>\nY\n</parameter>\n</function>\n</tool_call>";

const std::map<std::string_view, std::string_view> clicks = {
    {"qwen35", xml},
    {"qwen38", xml},
    {"qwen3vl", tagged},
    {"guiowl", tagged},
    {"evocua", tagged},
    {"qwen25vl", tagged},
    {"fara", tagged},
    {"fara7", tagged},
    {"holo", R"({"note": null, "thought": "t", "tool_call": {"tool_name": "click", "element": "e", "x": X, "y": Y}})"},
    {"holo_fc", holo_xml},
    {"holo4", holo_xml},
    {"holo_ground", R"({"x": X, "y": Y})"},
    {"venus2", "<think>t</think>\n<action>Click(box=(X, Y))</action>"},
    {"venus_ground", "[X,Y]"},
    {"uitars", "Thought: t\nAction: click(point='<point>X Y</point>')"},
    {"uitars1", "Thought: t\nAction: click(start_box='<|box_start|>(X,Y)<|box_end|>')"},
    {"mai_ground", "<grounding_think>t</grounding_think>\n<answer>\n{\"coordinate\": [X,Y]}\n</answer>"},
    {"gta1", "(X,Y)"},
    {"gemma4", "<|tool_call>call:left_click{x:X,y:Y}<tool_call|>"},
    {"hermes", "<tool_call>\n{\"name\": \"left_click\", \"arguments\": {\"coordinate\": [X, Y]}}\n</tool_call>"},
    {"llama3", R"({"name": "left_click", "parameters": {"coordinate": [X, Y]}})"},
    {"anthropic",
     R"({"content": [{"type": "tool_use", "id": "1", "name": "computer", "input": {"action": "left_click", "coordinate": [X, Y]}}]})"},
    {"openai",
     R"({"output": [{"type": "computer_call", "action": {"type": "click", "button": "left", "x": X, "y": Y}}]})"}};

}  // namespace

std::string click_reply(std::string_view dialect, int x, int y) {
  std::string reply;
  for (const char c : clicks.at(dialect)) {
    if (c == 'X')
      reply += std::to_string(x);
    else if (c == 'Y')
      reply += std::to_string(y);
    else
      reply += c;
  }
  return reply;
}

PointUnit point_unit(std::string_view dialect, int frame_side) {
  for (const std::string_view name : {"qwen35", "qwen38", "qwen3vl", "evocua", "mai_ground"})
    if (dialect == name) return {999, 1000};
  if (dialect == "venus2") return {999, 999};
  for (const std::string_view name :
       {"guiowl", "holo", "holo_fc", "holo4", "holo_ground", "venus_ground", "uitars1", "fara", "gemma4"})
    if (dialect == name) return {1000, 1000};
  return {frame_side, frame_side};
}

}  // namespace deskhand::testing
