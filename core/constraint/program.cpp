#include "core/constraint/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace deskhand {
namespace {

using Kind = GrammarSyntax::Kind;
using Op = GrammarProgram::Op;
using Node = GrammarSyntax::Node;

class Compiler {
 public:
  explicit Compiler(GrammarProgram& program) : program_(program), syntax_(program.syntax) {}

  void run() {
    program_.rule_start.assign(syntax_.rules.size(), -1);
    emit(Op::finish, 0, 0);
    program_.start = compile(program_.start_node, GrammarProgram::finish_address);
    while (!wanted_.empty()) {
      const size_t rule = wanted_.back();
      wanted_.pop_back();
      program_.rule_start[rule] = compile(syntax_.rules[rule].body, GrammarProgram::finish_address);
    }
  }

 private:
  int32_t emit(Op op, int32_t operand, int32_t next) {
    if (program_.code.size() + program_.targets.size() >= GrammarBuilder::max_program) {
      throw GrammarError(fmt::format("grammar: the program is larger than {}", GrammarBuilder::max_program));
    }
    program_.code.push_back({op, operand, next});
    return static_cast<int32_t>(program_.code.size() - 1);
  }
  bool live(int32_t node) const { return program_.shortest[static_cast<size_t>(node)] != GrammarProgram::never; }
  void want(uint32_t rule) {
    if (program_.rule_start[rule] != -1) return;
    program_.rule_start[rule] = 0;  // on its way
    wanted_.push_back(rule);
  }

  /// The address of code for the expression, continuing at `next`. The expression is live.
  int32_t compile(int32_t index, int32_t next) {
    const Node& node = syntax_.nodes[static_cast<size_t>(index)];
    if (++compiled_ > 4 * GrammarBuilder::max_program)
      throw GrammarError("grammar: shared expressions unfold without end");
    switch (node.kind) {
      case Kind::literal:
        for (uint32_t i = node.count; i-- > 0;) {
          next = emit(Op::byte, static_cast<uint8_t>(syntax_.bytes[node.begin + i]), next);
        }
        return next;
      case Kind::set:
        return emit(Op::set, static_cast<int32_t>(node.begin), next);
      case Kind::sequence:
        for (uint32_t i = node.count; i-- > 0;) next = compile(syntax_.children[node.begin + i], next);
        return next;
      case Kind::choice:
        return compile_choice(node, next);
      case Kind::repeat:
        return compile_repeat(node, next);
      case Kind::use:
        want(node.begin);
        // Nothing to return to: right recursion runs in constant memory.
        if (next == GrammarProgram::finish_address) return emit(Op::jump, static_cast<int32_t>(node.begin), next);
        return emit(Op::call, static_cast<int32_t>(node.begin), next);
    }
    throw GrammarError("grammar: unknown expression");
  }

  int32_t compile_choice(const Node& node, int32_t next) {
    std::vector<int32_t> targets;
    for (uint32_t i = 0; i < node.count; ++i) {
      const int32_t child = syntax_.children[node.begin + i];
      if (live(child)) targets.push_back(compile(child, next));
    }
    return targets.size() == 1 ? targets.front() : split(targets);
  }

  int32_t compile_repeat(const Node& node, int32_t next) {
    const int32_t child = syntax_.children[node.begin];
    if (!live(child) || node.max == 0) return next;
    if (node.max == 1) {
      const int32_t body = compile(child, next);
      return node.min == 1 ? body : split({body, next});
    }
    if (node.min <= 1 && node.max == GrammarBuilder::unbounded) {  // no count needed
      const int32_t loop = split({-1, next});
      const int32_t body = compile(child, loop);
      program_.targets[static_cast<size_t>(program_.code[static_cast<size_t>(loop)].operand)] = body;
      return node.min == 1 ? body : loop;
    }
    const auto loop = static_cast<int32_t>(program_.loops.size());
    program_.loops.push_back({node.min, node.max, -1, next});
    const int32_t body = compile(child, emit(Op::loop_next, loop, -1));
    program_.loops[static_cast<size_t>(loop)].body = body;
    return emit(Op::loop_enter, loop, -1);
  }

  int32_t split(const std::vector<int32_t>& targets) {
    const auto first = static_cast<int32_t>(program_.targets.size());
    program_.targets.insert(program_.targets.end(), targets.begin(), targets.end());
    return emit(Op::split, first, static_cast<int32_t>(targets.size()));
  }

  GrammarProgram& program_;
  const GrammarSyntax& syntax_;
  std::vector<size_t> wanted_;
  size_t compiled_ = 0;  ///< expressions, counted again where they are shared
};

/// Refines one class of all bytes by every byte and set of the program.
void find_byte_classes(GrammarProgram& program) {
  std::vector<bool> set_used(program.syntax.sets.size());
  ByteSet alone;
  for (const GrammarProgram::Instruction& instruction : program.code) {
    if (instruction.op == Op::byte) alone.set(static_cast<size_t>(instruction.operand));
    if (instruction.op == Op::set) set_used[static_cast<size_t>(instruction.operand)] = true;
  }
  std::array<int, 256> of{};
  const auto refine = [&of](const auto& key_of) {
    std::map<std::pair<int, int>, int> renumbered;
    for (size_t b = 0; b < 256; ++b) {
      const auto key = std::pair(of[b], key_of(b));
      of[b] = renumbered.try_emplace(key, static_cast<int>(renumbered.size())).first->second;
    }
  };
  refine([&](size_t b) { return alone.test(b) ? static_cast<int>(b) + 1 : 0; });
  for (size_t s = 0; s < set_used.size(); ++s) {
    if (set_used[s]) refine([&](size_t b) { return program.syntax.sets[s].test(b) ? 1 : 0; });
  }
  for (size_t b = 0; b < 256; ++b) {
    program.class_of[b] = static_cast<uint8_t>(of[b]);
    if (static_cast<size_t>(of[b]) == program.class_byte.size()) program.class_byte.push_back(static_cast<uint8_t>(b));
  }
}

void check_defined(const GrammarSyntax& syntax, int32_t start_node) {
  std::vector<bool> reached(syntax.nodes.size());
  std::vector<int32_t> queue{start_node};
  while (!queue.empty()) {
    const auto i = static_cast<size_t>(queue.back());
    queue.pop_back();
    if (reached[i]) continue;
    reached[i] = true;
    const Node& node = syntax.nodes[i];
    if (node.kind == Kind::use) {
      const GrammarSyntax::RuleEntry& rule = syntax.rules[node.begin];
      if (rule.body < 0) throw GrammarError(fmt::format("grammar: rule {} is used but not defined", rule.name));
      queue.push_back(rule.body);
    } else if (node.kind != Kind::literal && node.kind != Kind::set) {
      const auto first = syntax.children.begin() + node.begin;
      queue.insert(queue.end(), first, first + node.count);
    }
  }
}

}  // namespace

std::shared_ptr<const GrammarProgram> compile_grammar(GrammarSyntax syntax, int32_t start_node) {
  check_defined(syntax, start_node);
  auto program = std::make_shared<GrammarProgram>();
  program->syntax = std::move(syntax);
  program->start_node = start_node;
  program->shortest = shortest_texts(program->syntax);
  if (program->shortest[static_cast<size_t>(start_node)] == GrammarProgram::never) {
    throw GrammarError("grammar: nothing matches (every way through it is empty or recurses for ever)");
  }
  check_recursion(program->syntax, program->shortest, start_node);
  Compiler(*program).run();
  find_byte_classes(*program);
  return program;
}

}  // namespace deskhand
