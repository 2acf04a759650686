#include "kernels/cpu/isas.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace deskhand {
namespace cpu {

std::span<const Isa* const> compiled_isas();  // written by kernels/CMakeLists.txt, best first

std::span<const Isa* const> isas() {
  static const std::vector<const Isa*> usable = [] {
    std::vector<const Isa*> result;
    for (const Isa* isa : compiled_isas()) {
      if (isa->supported()) result.push_back(isa);
    }
    return result;
  }();
  return usable;
}

const Isa& find_isa(std::string_view name) {
  for (const Isa* isa : isas()) {
    if (name.empty() || name == isa->name) return *isa;
  }
  throw std::runtime_error(
      fmt::format("instruction set '{}' cannot run here; usable: {}", name, fmt::join(cpu_isas(), ", ")));
}

}  // namespace cpu

std::span<const std::string> cpu_isas() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const cpu::Isa* isa : cpu::isas()) result.emplace_back(isa->name);
    return result;
  }();
  return names;
}

}  // namespace deskhand
