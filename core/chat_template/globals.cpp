// The global functions of a template.

#include <fmt/format.h>

#include <iomanip>
#include <locale>
#include <sstream>

#include "core/chat_template/given.h"
#include "core/chat_template/objects.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

using Run = Value (*)(Interpreter&, const Arguments&);

class GlobalFunction : public Object {
 public:
  explicit GlobalFunction(Run run) : run_(run) {}
  std::string_view type_name() const override { return "function"; }
  bool callable() const override { return true; }
  Value call(Interpreter& in, const Arguments& arguments) override { return run_(in, arguments); }

 private:
  Run run_;
};

/// cycler('a', 'b'): next(), reset(), current.
class Cycler : public Object {
 public:
  explicit Cycler(Values items) : items_(std::move(items)) {}
  std::string_view type_name() const override { return "jinja2.utils.Cycler object"; }
  bool attribute(Interpreter&, std::string_view name, Value& out) override {
    if (name == "current") {
      out = items_[at_];
      return true;
    }
    if (name != "next" && name != "reset") return false;
    out = Value(std::make_shared<Step>(std::static_pointer_cast<Cycler>(shared_from_this()), name == "next"));
    return true;
  }

 private:
  class Step : public Object {
   public:
    Step(std::shared_ptr<Cycler> cycler, bool forwards) : cycler_(std::move(cycler)), forwards_(forwards) {}
    std::string_view type_name() const override { return "method"; }
    bool callable() const override { return true; }
    Value call(Interpreter&, const Arguments&) override {
      const size_t at = cycler_->at_;
      cycler_->at_ = forwards_ ? (at + 1) % cycler_->items_.size() : 0;
      return forwards_ ? cycler_->items_[at] : Value();
    }

   private:
    std::shared_ptr<Cycler> cycler_;
    bool forwards_;
  };
  Values items_;
  size_t at_ = 0;
};

/// joiner(', '): nothing the first time it is called.
class Joiner : public Object {
 public:
  explicit Joiner(std::string separator) : separator_(std::move(separator)) {}
  std::string_view type_name() const override { return "jinja2.utils.Joiner object"; }
  bool callable() const override { return true; }
  Value call(Interpreter&, const Arguments&) override {
    return Value::text(std::exchange(used_, true) ? separator_ : "");
  }

 private:
  std::string separator_;
  bool used_ = false;
};

Value range(Interpreter& in, const Arguments& arguments) {
  constexpr int64_t most = 100'000;  // as Jinja's sandbox
  const Given given("range", arguments, {"start", "stop", "step"}, 1);
  const bool single = given.at(1) == nullptr;
  const int64_t start = single ? 0 : given.integer(0, 0);
  const int64_t stop = given.integer(single ? 0 : 1, 0);
  const int64_t step = given.integer(2, 1);
  if (step == 0) throw Failure("range() arg 3 must not be zero");
  Values items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<int64_t>(items.size()) >= most) {
      throw Failure("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
    }
    items.push_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  in.budget().make_items(items.size());
  return Value::sequence(std::move(items), Sequence::Kind::range);
}

Mapping mapping_of(Interpreter& in, const Arguments& arguments, std::string_view function) {
  if (arguments.positional.size() > 1) throw Failure(fmt::format("{} expected at most 1 argument", function));
  Mapping mapping;
  for (const Value& from : arguments.positional) {
    if (const Mapping* other = from.if_mapping()) {
      for (const auto& [key, value] : other->items()) mapping.set(key, value);
      continue;
    }
    for (const Value& pair : in.iterate(from.present())) {
      const Values two = in.iterate(pair);
      if (two.size() != 2) throw Failure(fmt::format("{} needs pairs, got {} values", function, two.size()));
      mapping.set(two[0], two[1]);
    }
  }
  for (const auto& [name, value] : arguments.named) mapping.set(Value::text(name), value);
  in.budget().make_items(mapping.items().size());
  return mapping;
}

Value make_dict(Interpreter& in, const Arguments& arguments) {
  return Value::mapping(mapping_of(in, arguments, "dict"));
}

Value make_namespace(Interpreter& in, const Arguments& arguments) {
  auto space = std::make_shared<Namespace>();
  in.empty_at_end(space->attributes());
  const Mapping attributes = mapping_of(in, arguments, "namespace");
  for (const auto& [key, value] : attributes.items()) space->set(in.str(key), value);
  return Value(std::static_pointer_cast<Object>(space));
}

Value make_cycler(Interpreter&, const Arguments& arguments) {
  if (arguments.positional.empty()) throw Failure("at least one item has to be provided");
  return Value(std::make_shared<Cycler>(arguments.positional));
}

Value make_joiner(Interpreter&, const Arguments& arguments) {
  return Value(std::make_shared<Joiner>(Given("joiner", arguments, {"sep"}).text(0, ", ")));
}

Value raise_exception(Interpreter& in, const Arguments& arguments) {
  throw Failure(in.str(Given("raise_exception", arguments, {"message"}, 1).value(0)));
}

/// One conversion of strftime, with glibc's flags for padding and case.
std::string time_part(const std::tm& now, char flag, char letter) {
  const char conversion[] = {'%', letter, '\0'};
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << std::put_time(&now, conversion);
  std::string text = out.str();
  if (flag == '-' || flag == '_') {
    for (size_t i = 0; i + 1 < text.size() && (text[i] == '0' || text[i] == ' '); ++i) text[i] = ' ';
    if (flag == '-') text = std::string(strip(text, {}, Side::left));
  }
  return flag == '^' || flag == '#' ? upper(text) : text;
}

Value strftime_now(Interpreter& in, const Arguments& arguments) {
  const std::string format = Given("strftime_now", arguments, {"format"}, 1).text(0);
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 >= format.size()) {
      out += format[i];
      continue;
    }
    // One conversion at a time: a width in the format must not make megabytes.
    constexpr std::string_view flags = "-_0^#", conversions = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyY%";
    const bool has_flag = flags.find(format[i + 1]) != std::string_view::npos && i + 2 < format.size();
    const char flag = has_flag ? format[++i] : '\0';
    const char letter = format[++i];
    if (letter == 'f') {
      out += "000000";
    } else if (conversions.find(letter) != std::string_view::npos) {
      out += time_part(in.now(), flag, letter);
    } else if (letter != 'z' && letter != 'Z') {  // the time has no zone
      throw Failure(fmt::format("Invalid format string '%{}'", letter));
    }
    if (out.size() > Budget::max_text) throw Failure("the template makes too much text");
  }
  in.budget().make_text(out.size());
  return Value::text(std::move(out));
}

}  // namespace

void add_globals(Scope& scope) {
  const std::pair<std::string_view, Run> functions[] = {
      {"range", range},
      {"dict", make_dict},
      {"namespace", make_namespace},
      {"cycler", make_cycler},
      {"joiner", make_joiner},
      {"raise_exception", raise_exception},
      {"strftime_now", strftime_now},
  };
  for (const auto& [name, run] : functions) scope.set(name, Value(std::make_shared<GlobalFunction>(run)));
}

}  // namespace deskhand::jinja
