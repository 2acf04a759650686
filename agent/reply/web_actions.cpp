#include "agent/reply/web_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "agent/reply/error.h"
#include "agent/reply/literal.h"

namespace deskhand {
namespace {

/// As forms encode a query.
std::string form_encoded(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~";
  std::string out;
  for (const char c : text) {
    if (c == ' ')
      out += '+';
    else if (plain.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string search_address(std::string_view query) {
  return fmt::format("https://www.bing.com/search?q={}&FORM=QBLH", form_encoded(query));
}

void visit(const std::string& address, ActionList& out) {
  out.keys({"ctrl", "l"});
  out.type(address);
  out.keys({"Return"});
}

/// One line that says something.
std::string line_of(const Arguments& arguments, std::string_view name) {
  const std::string text = arguments.text(name);
  if (trimmed(text).empty() || text.find_first_of("\r\n") != std::string::npos)
    arguments.refuse(name, "one line of text");
  return std::string(trimmed(text));
}

}  // namespace

std::string web_address(std::string_view said) {
  if (said.find("://") != std::string_view::npos || said.starts_with("about:")) return std::string(said);
  if (said.find(' ') != std::string_view::npos) return search_address(said);
  return fmt::format("https://{}", said);
}

bool web_action(std::string_view action, const Arguments& arguments, ActionList& out) {
  if (action == "visit_url") {
    visit(web_address(line_of(arguments, "url")), out);
  } else if (action == "web_search") {
    visit(search_address(line_of(arguments, "query")), out);
  } else if (action == "history_back") {
    out.keys({"alt", "Left"});
  } else if (action == "pause_and_memorize_fact") {
    out.add("note", {{"text", arguments.text("fact")}});
  } else if (action == "ask_user_question") {
    out.add("ask_user", {{"question", arguments.text("question")}});
  } else if (action == "read_page_answer_question") {
    throw DialectError(ReplyFault::unsupported,
                       "read_page_answer_question: the page cannot be read as text here; look at it");
  } else {
    return false;
  }
  return true;
}

void scroll_pixels(bool horizontal, const Arguments& arguments, int divisor, const PointMap& map, ActionList& out) {
  const double pixels = arguments.number("pixels");
  if (pixels == 0) arguments.refuse("pixels", "a number that is not 0");
  const int side = horizontal ? map.sizes().screen.width : map.sizes().screen.height;
  const int64_t clicks = Exact(std::min(std::abs(pixels), 1e6)).scaled_near(side, int64_t{100} * divisor);
  const std::string_view vertical = pixels > 0 ? "up" : "down", sideways = pixels > 0 ? "right" : "left";
  out.turn_wheel(horizontal ? sideways : vertical, std::clamp<int64_t>(clicks, 1, 100),
                 arguments.point("coordinate", map));
}

}  // namespace deskhand
