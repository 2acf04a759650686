#pragma once
// What a Grammar is inside: the syntax as it was built, and the program that recognises it.
//
//   const GrammarProgram& p = grammar.program();
//   p.code[p.start]                       // where recognition begins, with an empty stack
//
// The program is that of a pushdown machine over bytes: `byte` and `set` consume, the rest moves. Expressions are
// compiled back to front, each with the address of what follows it, so sequences need no instruction. Calls push a
// return address; a loop pushes its count. Dead alternatives are not compiled. core/constraint/automaton.h runs it.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/constraint/grammar.h"

namespace deskhand {

/// Expressions in the order of building: children come before parents.
struct GrammarSyntax {
  enum class Kind : uint8_t { literal, set, sequence, choice, repeat, use };
  struct Node {
    Kind kind;
    uint16_t depth;
    uint32_t begin, count;  ///< literal: bytes; sequence, choice, repeat: children; set: index; use: rule
    uint32_t min, max;      ///< repeat
  };
  struct RuleEntry {
    std::string name;
    int32_t body = -1;
  };
  std::vector<Node> nodes;
  std::vector<int32_t> children;
  std::string bytes;
  std::vector<ByteSet> sets;
  std::vector<RuleEntry> rules;
};

struct GrammarProgram {
  enum class Op : uint8_t { finish, byte, set, split, call, jump, loop_enter, loop_next };
  struct Instruction {
    Op op;
    int32_t operand;  ///< byte: its value; set: index; split: first target; call, jump: rule; loops: index
    int32_t next;     ///< split: number of targets
  };
  struct Loop {
    uint32_t min, max;
    int32_t body, exit;
  };
  static constexpr int32_t finish_address = 0;
  static constexpr uint64_t never = UINT64_MAX;

  GrammarSyntax syntax;
  int32_t start_node = 0;
  std::vector<uint64_t> shortest;  ///< by node: bytes of its shortest text; never = there is none

  int32_t start = 0;
  std::vector<Instruction> code;  ///< code[0] is finish
  std::vector<int32_t> targets;
  std::vector<Loop> loops;
  std::vector<int32_t> rule_start;

  /// Bytes that the program never tells apart share a class.
  std::array<uint8_t, 256> class_of{};
  std::vector<uint8_t> class_byte;  ///< one byte of each class

  bool takes(const Instruction& instruction, uint8_t byte) const {
    return instruction.op == Op::byte ? instruction.operand == byte
                                      : syntax.sets[static_cast<size_t>(instruction.operand)].test(byte);
  }
};

/// Checks and compiles; throws GrammarError.
std::shared_ptr<const GrammarProgram> compile_grammar(GrammarSyntax syntax, int32_t start_node);

/// By node: the length of its shortest text, GrammarProgram::never when it has none.
std::vector<uint64_t> shortest_texts(const GrammarSyntax& syntax);

/// Throws GrammarError for left recursion reachable from the node, and for repeats of what may be empty.
void check_recursion(const GrammarSyntax& syntax, const std::vector<uint64_t>& shortest, int32_t start_node);

}  // namespace deskhand
