#pragma once
// Why nothing of a reply is carried out: the kind of the fault, and a sentence for the model.
//
//   throw DialectError(ReplyFault::bad_args, "left_click: coordinate has 3 numbers, expected 2");

#include <stdexcept>
#include <string>
#include <string_view>

namespace deskhand {

enum class ReplyFault {
  no_action,       ///< no call where one is needed
  truncated,       ///< ends inside a call
  malformed,       ///< a call that cannot be read
  unknown_action,  ///< no action of this dialect
  bad_args,        ///< an argument is missing, unknown or of the wrong type
  out_of_range,    ///< a point outside the picture
  ambiguous,       ///< two readings
  unsupported,     ///< known to the dialect, not offered here
};
/// "no_action", "truncated"…
std::string_view fault_name(ReplyFault fault);

class DialectError : public std::runtime_error {
 public:
  DialectError(ReplyFault fault, const std::string& sentence) : std::runtime_error(sentence), fault_(fault) {}
  ReplyFault fault() const { return fault_; }

 private:
  ReplyFault fault_;
};

/// The beginning of a model's text, on one line, for a sentence that quotes it.
std::string quoted_beginning(std::string_view text);

}  // namespace deskhand
