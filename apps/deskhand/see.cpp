// deskhand see: what is on the screen, as a numbered element list.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "agent/grounder.h"
#include "apps/cli/command.h"
#include "apps/cli/description.h"
#include "apps/cli/look.h"
#include "apps/cli/printable.h"
#include "apps/cli/seeing_model.h"
#include "apps/cli/user_files.h"
#include "tools/names.h"
#include "vision/image_io.h"
#include "vision/marks.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  std::string image, display, find, marked, dialect;
  bool screen = false, json = false;
};

std::string_view source_name(ElementSource source) {
  constexpr std::string_view names[] = {"ocr", "accessibility", "model"};
  return names[static_cast<size_t>(source)];
}

ordered_json box_json(const ScreenRect& box) {
  return {box.x0, box.y0, box.x1, box.y1};
}

ordered_json element_json(const ScreenElement& element) {
  ordered_json out = {{"id", element.id},
                      {"role", role_name(element.role)},
                      {"text", element.text},
                      {"box", box_json(element.box)},
                      {"source", source_name(element.source)}};
  if (!element.value.empty()) out["value"] = element.value;
  if (element.checkable) out["checked"] = element.checked;
  if (element.focused) out["focused"] = true;
  if (!element.enabled) out["enabled"] = false;
  return out;
}

std::string element_line(const ScreenElement& element) {
  std::string line = fmt::format("{:>4}  {:<14} \"{}\"", element.id, role_name(element.role), element.text);
  if (!element.value.empty()) line += fmt::format(" value \"{}\"", element.value);
  if (element.checkable) line += element.checked ? " (checked)" : " (not checked)";
  if (element.focused) line += " (focused)";
  if (!element.enabled) line += " (disabled)";
  const ScreenRect& b = element.box;
  return printable(line) + fmt::format("  {},{} {}×{}\n", b.x0, b.y0, b.width(), b.height());
}

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

void print_elements(const Look& look, bool json, std::ostream& out) {
  if (json) {
    ordered_json elements = ordered_json::array();
    for (const ScreenElement& element : look.screen.elements) elements.push_back(element_json(element));
    out << dump({{"size", {look.image.width, look.image.height}}, {"elements", elements}});
    return;
  }
  for (const ScreenElement& element : look.screen.elements) out << element_line(element);
}

/// A place that a model found, as a match: with what the readers know of it.
ordered_json match_of_model(const Look& look, ScreenPoint point) {
  const ScreenElement* element = element_at(look.screen, point);
  ordered_json match = {
      {"id", element != nullptr ? ordered_json(element->id) : ordered_json(nullptr)},
      {"text", element != nullptr ? element->text : ""},
      {"box", box_json(element != nullptr ? element->box : ScreenRect{point.x, point.y, point.x + 1, point.y + 1})},
      {"point", {point.x, point.y}},
      {"score", 1.0},
      {"source", "model"}};
  return match;
}

const Dialect& finding_dialect(const Options& options, const ModelInfo& info) {
  const Dialect& dialect = options.dialect.empty() ? choose_dialect(info, true) : *find_dialect(options.dialect);
  if (dialect.grounds) return dialect;
  throw UsageError(fmt::format(
      "{} was not trained to find places, or its name does not say how it was: name its dialect with --dialect, or "
      "leave -m out and find texts",
      info.path.string()));
}

ExitStatus find_by_model(const Look& look, const Options& options, CommandContext& context) {
  const SeeingModel model = open_seeing_model(options.model, context);
  if (!model.eyes) throw no_eyes(model.engine->info(), "--find");
  const Dialect& dialect = finding_dialect(options, model.engine->info());
  const std::unique_ptr<Mind> mind =
      make_local_mind(*model.engine, dialect.sampling.value_or(Sampling{}), model.eyes.get());
  std::optional<ScreenPoint> point;
  try {
    point = Grounder(*mind, dialect, &model.eyes->encoder()).find(look.image, options.find, context.stop);
  } catch (const DialectError& error) {
    context.err << fmt::format("the model's reply names no place: {}\n", printable(error.what()));
  }
  if (context.stop.stop_requested()) throw Interrupted();
  const ordered_json match = point ? match_of_model(look, *point) : ordered_json();
  if (options.json) {
    context.out << dump({{"matches", point ? ordered_json::array({match}) : ordered_json::array()}});
  } else if (point) {
    context.out << printable(fmt::format("{},{}  {}", point->x, point->y, match["text"].get<std::string>())) << "\n";
  }
  return point ? ExitStatus::done : ExitStatus::failed;
}

std::vector<std::string> finding_dialects() {
  std::vector<std::string> names;
  for (const Dialect* dialect : all_dialects())
    if (dialect->grounds) names.emplace_back(dialect->name);
  return names;
}

ExitStatus print_matches(const Look& look, const Options& options, std::ostream& out) {
  ordered_json matches = ordered_json::array();
  for (const Match& match : find_elements(look.screen, options.find)) {
    const ScreenElement& element = look.screen.elements.at(static_cast<size_t>(match.id) - 1);
    const ScreenPoint point = element.box.center();
    matches.push_back({{"id", element.id},
                       {"text", element.text},
                       {"box", box_json(element.box)},
                       {"point", {point.x, point.y}},
                       {"score", match.score}});
    if (!options.json)
      out << fmt::format("{},{}  {} \"{}\"\n", point.x, point.y, role_name(element.role), printable(element.text));
  }
  if (options.json) out << dump({{"matches", matches}});
  return matches.empty() ? ExitStatus::failed : ExitStatus::done;
}

void write_marked(const Look& look, const std::string& path) {
  Image marked = look.image;
  for (const ScreenElement& element : look.screen.elements) {
    draw_box(marked, element.box, {220, 30, 30}, std::to_string(element.id));
  }
  const std::vector<uint8_t> png = encode_png(marked);
  write_file(path, {reinterpret_cast<const char*>(png.data()), png.size()});
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto* image =
      app.add_option("IMAGE", options->image, "a picture to read; without one, the screen is read")->type_name("FILE");
  app.add_flag("--screen", options->screen, "read the screen (the default)")->excludes(image);
  app.add_option("--display", options->display, "X display (default: $DISPLAY)")->type_name(":N");
  auto* find = app.add_option(
      "--find", options->find,
      "only elements whose text resembles this, best first, as x,y of the middle; exit code 1 if there is none");
  add_model_options(app, options->model);
  auto* model = app.get_option("--model")->needs(find)->description(
      "with --find: a model with eyes that was trained to find places by description");
  add_mmproj_option(app, options->model);
  one_of(app.add_option("--dialect", options->dialect, "how that model is asked (default: by its name)"),
         finding_dialects())
      ->needs(model);
  app.add_option("--marked", options->marked, "also write the picture with the elements' boxes to this PNG")
      ->type_name("FILE");
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  return [options](CommandContext& context) {
    const Look look =
        options->image.empty() ? Eyes({.display = options->display}, context).look() : look_at_file(options->image);
    if (!options->marked.empty()) write_marked(look, options->marked);
    if (!options->find.empty() && !options->model.model.empty()) return find_by_model(look, *options, context);
    if (!options->find.empty()) return print_matches(look, *options, context.out);
    print_elements(look, options->json, context.out);
    return ExitStatus::done;
  };
}

}  // namespace

extern const Command command_see;
const Command command_see = {"see", "what is on the screen: a numbered element list",
                             "  deskhand see\n"
                             "  deskhand see screenshot.png --json\n"
                             "  deskhand see --find Submit\n"
                             "  deskhand see screenshot.png --find \"the button that closes the dialog\" -m GTA1-7B/\n"
                             "  deskhand see --marked marked.png",
                             define};

}  // namespace deskhand
