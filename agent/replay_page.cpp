#include "agent/replay_page.h"

#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <vector>

#include "agent/replay_style.h"
#include "agent/trace.h"

namespace deskhand {

using nlohmann::ordered_json;

namespace {

std::string base64(const std::vector<uint8_t>& bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const uint32_t group = uint32_t{bytes[i]} << 16 | (left > 1 ? uint32_t{bytes[i + 1]} << 8 : 0) |
                           (left > 2 ? uint32_t{bytes[i + 2]} : 0);
    text += alphabet[group >> 18];
    text += alphabet[(group >> 12) & 63];
    text += left > 1 ? alphabet[(group >> 6) & 63] : '=';
    text += left > 2 ? alphabet[group & 63] : '=';
  }
  return text;
}

/// A record is only as good as its writer: a missing or mistyped entry is an empty one.
std::string text_at(const ordered_json& record, const char* key) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  if (!record.is_object() || found == record.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>()
                            : found->dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

double number_at(const ordered_json& record, const char* key) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  return record.is_object() && found != record.end() && found->is_number() ? found->get<double>() : 0.0;
}

bool is_true(const ordered_json& record, const char* key) {
  return text_at(record, key) == "true";
}

std::string seconds(double milliseconds) {
  return fmt::format("{:.2f} s", milliseconds / 1000);
}

std::string local_time(double wall_seconds) {
  const auto time = static_cast<std::time_t>(wall_seconds);
  std::tm parts{};
  char text[64];
  if (!gmtime_r(&time, &parts) || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) return {};
  return text;
}

std::string picture_html(const std::filesystem::path& trace, const ordered_json& pictures, const char* name,
                         std::string_view caption) {
  const std::string file =
      text_at(pictures.is_object() && pictures.contains(name) ? pictures[name] : ordered_json(), "file");
  if (file.empty()) return {};
  try {
    const std::string data = base64(read_trace_picture(trace, file));
    return fmt::format(
        "<figure><img loading=\"lazy\" alt=\"{0}\" "
        "src=\"data:image/png;base64,{1}\"><figcaption>{0}</figcaption></figure>\n",
        escape_html(caption), data);
  } catch (const TraceError& error) {
    return fmt::format("<figure class=\"lost\"><figcaption>{}: {}</figcaption></figure>\n", escape_html(caption),
                       escape_html(error.what()));
  }
}

std::string badge(std::string_view kind, std::string_view text) {
  return fmt::format("<span class=\"badge {}\">{}</span>", kind, escape_html(text));
}

std::string badges_of(const ordered_json& step) {
  const std::string verdict = text_at(step, "verdict");
  const bool refused = !is_true(step, "executed");
  std::string html;
  if (verdict == "allow") html += badge("plain", "allowed");
  if (verdict == "ask") html += badge(refused ? "bad" : "warn", refused ? "not confirmed" : "confirmed by the user");
  if (verdict == "hand_off") html += badge("warn", "handed to the user");
  if (verdict == "deny") html += badge("bad", "denied");
  if (!is_true(step, "ok")) html += badge("bad", "failed");
  if (text_at(step, "screen_changed") == "true") html += badge("good", "screen changed");
  if (text_at(step, "screen_changed") == "false") html += badge("warn", "screen did not change");
  return html;
}

std::string step_html(const std::filesystem::path& trace, const ordered_json& step) {
  const ordered_json action = step.contains("action") ? step["action"] : ordered_json();
  std::string call = text_at(action, "text");
  if (call.empty()) call = text_at(action, "name") + " " + text_at(action, "input");
  std::string html = fmt::format(
      "<section class=\"step\" id=\"step-{0}\"><h2><a class=\"number\" href=\"#step-{0}\">{0}</a>"
      "<code>{1}</code></h2>\n<p class=\"badges\">{2}</p>\n<dl>",
      static_cast<int64_t>(number_at(step, "step")), escape_html(call), badges_of(step));
  const auto row = [&](std::string_view term, const std::string& text) {
    if (!text.empty()) html += fmt::format("<dt>{}</dt><dd>{}</dd>", term, escape_html(text));
  };
  row("Target", text_at(step, "target"));
  row("Result", text_at(step, "result"));
  row("Reason", text_at(step, "reason"));
  row("Time", fmt::format("looking {}, thinking {}, acting {}", seconds(number_at(step, "observation_ms")),
                          seconds(number_at(step, "think_ms")), seconds(number_at(step, "act_ms"))));
  html += "</dl>\n<div class=\"pictures\">\n";
  const ordered_json pictures = step.contains("pictures") ? step["pictures"] : ordered_json();
  html += picture_html(trace, pictures, "marked", "Before, with the target");
  html += picture_html(trace, pictures, "after", "After");
  return html + "</div></section>\n";
}

std::string thought_html(const ordered_json& thought) {
  return fmt::format(
      "<details class=\"thought\"><summary>The model wrote a script ({:.2f} s, {} prompt tokens, {} reused, {} "
      "generated)</summary><pre>{}</pre></details>\n",
      number_at(thought, "seconds"), static_cast<int64_t>(number_at(thought, "prompt_tokens")),
      static_cast<int64_t>(number_at(thought, "reused_tokens")),
      static_cast<int64_t>(number_at(thought, "generated_tokens")), escape_html(text_at(thought, "reply")));
}

std::string header_html(const ordered_json& head, const ordered_json& end, const TraceCheck& check) {
  const std::string outcome = end.is_object() ? text_at(end, "outcome") : "unfinished";
  const std::string_view kind = outcome == "done" ? "good" : outcome == "failed" ? "bad" : "warn";
  std::string html =
      fmt::format("<header><p class=\"eyebrow\">Deskhand run</p><h1>{}</h1><p class=\"badges\">{}</p>\n<dl>",
                  escape_html(text_at(head, "goal")), badge(kind, outcome));
  const auto row = [&](std::string_view term, const std::string& text) {
    if (!text.empty()) html += fmt::format("<dt>{}</dt><dd>{}</dd>", term, escape_html(text));
  };
  row("Answer", text_at(end, "answer"));
  row("Reason", text_at(end, "reason"));
  row("Mind", text_at(head, "mind"));
  row("Started", local_time(number_at(head, "time")));
  if (end.is_object())
    row("Effort", fmt::format("steps: {}, calls of the model: {}, tokens: {} read, {} of them known already, and {} "
                              "written, {:.1f} s",
                              text_at(end, "steps"), text_at(end, "asked"), text_at(end, "prompt_tokens"),
                              static_cast<int64_t>(number_at(end, "reused_tokens")), text_at(end, "generated_tokens"),
                              number_at(end, "seconds")));
  html += "</dl></header>\n";
  if (check.intact)
    return html + fmt::format("<p class=\"chain good\">The trace is intact: {} records, each sealed by SHA-256.</p>\n",
                              check.records);
  return html + fmt::format("<p class=\"chain bad\"><strong>The trace is not as it was written.</strong> {}</p>\n",
                            escape_html(check.problem));
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return html;
}

std::string replay_page(const std::filesystem::path& trace) {
  const TraceCheck check = check_trace(trace);
  const std::vector<ordered_json> records = read_trace(trace);
  ordered_json head = ordered_json::object(), end;
  std::string body;
  for (const ordered_json& record : records) {
    const std::string type = text_at(record, "type");
    if (type == "begin") head = record;
    if (type == "thought") body += thought_html(record);
    if (type == "step") body += step_html(trace, record);
    if (type == "end") end = record;
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'\">\n<title>{}</title>\n<style>{}</style></head>\n<body><main>\n{}{}</main></body></html>\n",
      escape_html(text_at(head, "goal")), replay_style(), header_html(head, end, check), body);
}

}  // namespace deskhand
