#include "vision/screen_reader.h"

#include <algorithm>
#include <optional>

#include "vision/text_cache.h"

namespace deskhand {
namespace {

constexpr size_t most_terminal_bytes = 4000;

ScreenElement from_accessibility(AccessibleElement&& e) {
  return {.id = 0,
          .role = e.role,
          .text = std::move(e.name),
          .value = std::move(e.value),
          .box = e.box,
          .source = ElementSource::accessibility,
          .window = e.window,
          .focused = e.focused,
          .enabled = e.enabled,
          .checkable = e.checkable,
          .checked = e.checked,
          .selected = e.selected,
          .editable = e.editable,
          .clickable = e.clickable};
}

/// What was read may be a button as well as a text. Targets reach a little beyond their ink.
ScreenElement from_ocr(const OcrText& text, WindowId window, const ScreenRect& bounds) {
  const int margin = text.box.height() / 4;
  ScreenElement e;
  e.role = Role::label;
  e.text = text.text;
  e.box = ScreenRect{text.box.x0 - margin, text.box.y0 - margin, text.box.x1 + margin, text.box.y1 + margin}.intersect(
      bounds);
  e.source = ElementSource::ocr;
  e.window = window;
  e.clickable = true;
  return e;
}

/// The lines of a terminal as one text: its last part, in whole lines.
std::string join_lines(const std::vector<OcrText>& texts) {
  std::string all;
  int y1 = 0;
  for (const OcrText& text : texts) {
    if (!all.empty()) all += text.box.center().y < y1 ? " " : "\n";
    all += text.text;
    y1 = text.box.y1;
  }
  if (all.size() <= most_terminal_bytes) return all;
  const size_t line = all.find('\n', all.size() - most_terminal_bytes);
  return line == std::string::npos ? "" : all.substr(line + 1);
}

/// Rows first: what begins within half a line of the row's first element stands in its row.
void sort_for_reading(std::vector<ScreenElement>& elements) {
  const auto y = [](const ScreenElement& e) { return e.box.y0; };
  const auto x = [](const ScreenElement& e) { return e.box.x0; };
  std::ranges::stable_sort(elements, {}, y);
  for (auto row = elements.begin(); row != elements.end();) {
    constexpr int least = 4, most = 12;
    const int depth = std::clamp(row->box.height() / 2, least, most);
    const auto end = std::find_if(row, elements.end(), [&](const ScreenElement& e) { return y(e) >= y(*row) + depth; });
    std::ranges::stable_sort(row, end, {}, x);
    row = end;
  }
}

}  // namespace

struct ScreenReader::State {
  Accessibility* accessibility;
  Ocr* ocr;
  std::optional<TextCache> cache;

  std::vector<OcrText> read_texts(const Image& image, TextCache::Key key, ScreenRect region) {
    return cache ? cache->read(image, key, region) : std::vector<OcrText>{};
  }
  void read_window(const Image& image, std::span<const Window> windows, size_t index,
                   std::vector<ScreenElement>& elements);
  void read_terminal(const Image& image, const Window& window, std::vector<ScreenElement>& elements);
  void read_canvases(const Image& image, std::vector<ScreenElement>& elements);
};

/// A window of which accessibility says nothing: the texts that no window above covers.
void ScreenReader::State::read_window(const Image& image, std::span<const Window> windows, size_t index,
                                      std::vector<ScreenElement>& elements) {
  const Window& window = windows[index];
  const auto covered = [&](const OcrText& text) {
    return std::ranges::any_of(windows.first(index),
                               [&](const Window& above) { return above.box.contains(text.box.center()); });
  };
  for (const OcrText& text : read_texts(image, {window.id, 0}, window.box)) {
    if (!covered(text)) elements.push_back(from_ocr(text, window.id, image.bounds()));
  }
}

void ScreenReader::State::read_terminal(const Image& image, const Window& window,
                                        std::vector<ScreenElement>& elements) {
  ScreenElement e;
  e.role = Role::terminal;
  e.text = window.title;
  e.value = join_lines(read_texts(image, {window.id, 0}, window.box));
  e.box = window.box.intersect(image.bounds());
  e.source = ElementSource::ocr;
  e.window = window.id;
  e.focused = window.active;
  e.editable = true;
  e.clickable = true;
  if (!e.box.empty()) elements.push_back(std::move(e));
}

/// Drawing areas: the application says where, not what.
void ScreenReader::State::read_canvases(const Image& image, std::vector<ScreenElement>& elements) {
  std::vector<ScreenElement> found;
  int number = 0;
  for (const ScreenElement& canvas : elements) {
    const bool mute = canvas.role == Role::canvas || (canvas.role == Role::terminal && canvas.value.empty());
    if (!mute || canvas.source != ElementSource::accessibility) continue;
    for (const OcrText& text : read_texts(image, {canvas.window, ++number}, canvas.box)) {
      const bool known = std::ranges::any_of(elements, [&](const ScreenElement& e) {
        return &e != &canvas && e.window == canvas.window && e.role != Role::canvas &&
               e.box.contains(text.box.center());
      });
      if (!known) found.push_back(from_ocr(text, canvas.window, image.bounds()));
    }
  }
  std::ranges::move(found, std::back_inserter(elements));
}

ScreenReader::ScreenReader(Accessibility* accessibility, Ocr* ocr)
    : state_(std::make_unique<State>(State{accessibility, ocr, {}})) {
  if (ocr != nullptr) state_->cache.emplace(*ocr);
}

ScreenReader::~ScreenReader() = default;

Screen ScreenReader::read(const Image& image, std::span<const Window> windows) {
  if (windows.empty()) return read_image(image);
  std::vector<ScreenElement> known = read_applications(windows);
  Screen screen;
  screen.bounds = image.bounds();
  for (size_t i = 0; i < windows.size(); ++i) {
    const Window& window = windows[i];
    if (window.ours) continue;
    screen.windows.push_back(window);
    std::vector<ScreenElement> here;
    for (ScreenElement& e : known) {
      if (e.window == window.id) here.push_back(std::move(e));
    }
    if (!here.empty()) {
      state_->read_canvases(image, here);
    } else if (window.terminal) {
      state_->read_terminal(image, window, here);
    } else {
      state_->read_window(image, windows, i, here);
    }
    sort_for_reading(here);
    std::ranges::move(here, std::back_inserter(screen.elements));
  }
  if (state_->cache) state_->cache->forget_unused();
  for (size_t i = 0; i < screen.elements.size(); ++i) screen.elements[i].id = static_cast<int>(i) + 1;
  return screen;
}

std::vector<ScreenElement> ScreenReader::read_applications(std::span<const Window> windows) {
  std::vector<ScreenElement> known;
  if (state_->accessibility == nullptr) return known;
  for (AccessibleElement& e : state_->accessibility->elements(windows))
    known.push_back(from_accessibility(std::move(e)));
  return known;
}

Screen ScreenReader::read_image(const Image& image) {
  Screen screen;
  screen.bounds = image.bounds();
  for (const OcrText& text : state_->read_texts(image, {0, 0}, image.bounds())) {
    screen.elements.push_back(from_ocr(text, 0, image.bounds()));
  }
  sort_for_reading(screen.elements);
  for (size_t i = 0; i < screen.elements.size(); ++i) screen.elements[i].id = static_cast<int>(i) + 1;
  return screen;
}

}  // namespace deskhand
