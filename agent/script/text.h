#pragma once
// The text side of the `script` dialect: the constant beginning of every prompt, and the screen as lines.
//
//   Window: Job
//   - text "Apply here"
//   - text field "City" value "" (focused)
//   - checkbox "Remote" (not checked)
//   - button "Submit"

#include <string>
#include <string_view>
#include <vector>

#include "agent/transcript.h"
#include "vision/screen_reader.h"

namespace deskhand::script {

/// What never changes: the calls, and five worked examples.
std::vector<Message> constant_messages();
/// The windows and what is in them. Untrusted texts are quoted, cut and on one line each.
std::string describe_screen(const Screen& screen);
/// The last message: the screen, the task, and what else the model must know.
std::string describe_task(const std::string& screen, std::string_view goal, const std::vector<std::string>& notes);
/// In double quotes, with \" \\ \n and \t.
std::string quote(std::string_view text);

}  // namespace deskhand::script
