#include "apps/cli/line_reader.h"

#include <histedit.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <cwchar>
#include <functional>
#include <iostream>

namespace deskhand {

struct LineReader::State {
  std::filesystem::path history_path;
  std::stop_token stop;
  std::string prompt;
  int wake = -1;  // an eventfd that becomes readable when a stop is requested
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::optional<std::stop_callback<std::function<void()>>> on_stop;

  bool wait_for_input() const {
    pollfd files[2] = {{STDIN_FILENO, POLLIN, 0}, {wake, POLLIN, 0}};
    while (!stop.stop_requested()) {
      if (poll(files, 2, -1) > 0) return files[1].revents == 0;
    }
    return false;
  }

  static State& of(EditLine* editor) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<State*>(data);
  }
};

namespace {

// One character for libedit; 0, the end of input, when a stop is requested meanwhile.
template <typename State>
int read_character(EditLine* editor, wchar_t* character) {
  std::mbstate_t shift{};
  while (State::of(editor).wait_for_input()) {
    char byte = 0;
    if (::read(STDIN_FILENO, &byte, 1) != 1) return 0;
    const size_t used = std::mbrtowc(character, &byte, 1, &shift);
    if (used == static_cast<size_t>(-1)) shift = {};  // no character of this locale: left out
    if (used <= 1) return 1;
  }
  return 0;
}

}  // namespace

LineReader::LineReader(const std::filesystem::path& history, std::stop_token stop) : state_(std::make_unique<State>()) {
  state_->history_path = history;
  state_->stop = stop;
  state_->wake = eventfd(0, EFD_CLOEXEC);
  state_->on_stop.emplace(stop, [wake = state_->wake] { eventfd_write(wake, 1); });
  if (isatty(STDIN_FILENO) == 0) return;
  HistEvent event;
  state_->history = history_init();
  ::history(state_->history, &event, H_SETSIZE, 1000);
  ::history(state_->history, &event, H_SETUNIQUE, 1);
  if (!history.empty()) ::history(state_->history, &event, H_LOAD, history.c_str());
  state_->editor = el_init("deskhand", stdin, stdout, stderr);
  el_set(state_->editor, EL_CLIENTDATA, state_.get());
  el_set(
      state_->editor, EL_PROMPT, +[](EditLine* editor) { return State::of(editor).prompt.data(); });
  el_set(state_->editor, EL_GETCFN, &read_character<State>);
  el_set(state_->editor, EL_EDITOR, "emacs");
  el_set(state_->editor, EL_HIST, ::history, state_->history);
}

LineReader::~LineReader() {
  if (state_->editor != nullptr) {
    HistEvent event;
    if (!state_->history_path.empty()) ::history(state_->history, &event, H_SAVE, state_->history_path.c_str());
    history_end(state_->history);
    el_end(state_->editor);
  }
  state_->on_stop.reset();
  close(state_->wake);
}

std::optional<std::string> LineReader::read(const std::string& prompt) {
  state_->prompt = prompt;
  if (state_->editor == nullptr) {
    std::string line;
    if (std::cin.rdbuf()->in_avail() <= 0 && !state_->wait_for_input()) return std::nullopt;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  int count = 0;
  const char* text = el_gets(state_->editor, &count);
  if (text == nullptr || count <= 0) return std::nullopt;
  std::string line(text, static_cast<size_t>(count));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  HistEvent event;
  if (!line.empty()) ::history(state_->history, &event, H_ENTER, line.c_str());
  return line;
}

}  // namespace deskhand
