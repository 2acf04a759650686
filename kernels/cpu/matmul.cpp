#include "kernels/cpu/matmul.h"

#include <algorithm>

#include "kernels/check.h"
#include "kernels/cpu/float_types.h"
#include "kernels/cpu/weights.h"
#include "kernels/host_memory.h"

namespace deskhand::cpu {

namespace {

constexpr int64_t panel_columns = 1024;       ///< of a quantised panel: 16 KiB of codes for 8 lanes
constexpr int64_t float_panel_columns = 256;  ///< of a float panel: 16 KiB for 8 lanes
constexpr int64_t float_chunk = 2048;         ///< columns of rows turned into floats for few rows of x
constexpr int64_t row_block = 256;            ///< rows of x that share one taking apart of a panel
constexpr int64_t few_rows_limit = max_tile_rows;
constexpr int64_t few_float_rows_limit = 12;  ///< beyond, turning weights into a panel pays
constexpr int64_t float_tile_rows = 6;

int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

ConstView rows_of(ConstView x, int64_t first) {
  return x.slice(first, std::min(row_block, x.rows - first));
}

}  // namespace

/// What one thread works in.
struct Matmul::Scratch {
  explicit Scratch(int64_t lanes)
      : bytes(static_cast<size_t>((2 * lanes * panel_columns) + 4 * (2 * 4 * lanes * (panel_columns / 32)) +
                                  4 * (2 * lanes * row_block))),
        rows(static_cast<size_t>(4 * 4 * float_chunk)) {
    panel = {bytes.as<uint8_t>(), reinterpret_cast<float*>(bytes.data() + 2 * lanes * panel_columns), nullptr};
    panel.offset = panel.scale + 4 * lanes * (panel_columns / 32);
    sums = panel.offset + 4 * lanes * (panel_columns / 32);
  }

  AlignedBytes bytes, rows;
  Panel panel;
  float* sums;                                              ///< [row_block][2 · lanes]
  float* float_panel() const { return bytes.as<float>(); }  ///< [float_panel_columns][2 · lanes]
};

/// A product that shares neither y nor weight rows with another: a term, or one expert of a weight. Its tasks are
/// pieces of its weight rows; for many rows of x, times the blocks of x's rows.
struct Matmul::Part {
  MatmulTerm term;  ///< y: [x.rows, outputs]
  const InterleavedWeight* weight;
  ConstView x;
  int64_t first_x;  ///< row of the run's x, which is quantised as a whole
  int64_t first;    ///< weight rows [first, first + outputs)
  int64_t outputs;
  bool few;
  int64_t piece;  ///< groups (few, interleaved), rows (few, floats), 1 (panels)
  int64_t pieces;
  int64_t end;  ///< first task after this part's

  /// y[row][w …] = values (+ bias) (+ y) for weight rows [w, w + count), those that are not this part's left out.
  void put(int64_t row, int64_t w, int64_t count, const float* values) const {
    float* y = term.y.row(row);
    const int64_t begin = std::max<int64_t>(w - first, 0), stop = std::min(w - first + count, outputs);
    for (int64_t i = begin; i < stop; ++i) {
      float value = values[i + first - w];
      if (term.bias) value += term.bias[i];
      y[i] = term.accumulate ? y[i] + value : value;
    }
  }
};

Matmul::Matmul(const Isa& isa, Threads& threads) : isa_(isa), threads_(threads) {
  for (int i = 0; i < threads.count(); ++i) scratch_.emplace_back(isa.lanes);
}

Matmul::~Matmul() = default;

void Matmul::reserve(int64_t rows, int64_t cols) {
  const int64_t codes = divide_up(cols, 64) * 64, meta = cols / 32 * 4;
  const auto bytes = static_cast<size_t>(rows * (codes + 4 * meta));
  if (activations_.size() < bytes) activations_ = AlignedBytes(bytes);
}

void Matmul::quantise(ConstView x) {
  reserve(x.rows, x.cols);
  const int64_t code_stride = divide_up(x.cols, 64) * 64, meta_stride = x.cols / 32 * 4;
  auto* codes = activations_.as<int8_t>();
  auto* meta = reinterpret_cast<float*>(activations_.data() + x.rows * code_stride);
  x_ = {codes, meta, code_stride, meta_stride};
  const auto row = [&](int64_t r, int) {
    isa_.quantise(x.row(r), x.cols, codes + r * code_stride, meta + r * meta_stride);
  };
  if (x.rows <= few_rows_limit) {
    for (int64_t r = 0; r < x.rows; ++r) row(r, 0);
  } else {
    threads_.run(x.rows, row);
  }
}

void Matmul::add_part(const MatmulTerm& term, ConstView x, int64_t first_x, int64_t first, int64_t outputs) {
  const auto* weight = dynamic_cast<const InterleavedWeight*>(term.weight);
  Part part{term, weight, x, first_x, first, outputs, x.rows <= (weight ? few_rows_limit : few_float_rows_limit),
            1,    0,      0};
  const int64_t lanes = isa_.lanes;
  if (part.few) {
    const int64_t unit = weight ? lanes : 4;
    const int64_t items = weight ? divide_up(first + outputs, lanes) - first / lanes : divide_up(outputs, 4);
    const int64_t item_bytes =
        static_cast<int64_t>(term.weight->bytes()) / std::max<int64_t>(divide_up(term.weight->rows(), unit), 1) + 1;
    const int64_t smallest = divide_up(16384, item_bytes);  // a task is worth handing over from some microseconds on
    part.piece = std::max(divide_up(items, 8 * threads_.count()), smallest) * (weight ? 1 : 4);
    part.pieces = divide_up(weight ? items : outputs, part.piece);
  } else {
    const int64_t skipped = weight ? first % lanes : 0;
    part.pieces = divide_up(skipped + outputs, 2 * lanes);
  }
  part.end = (parts_.empty() ? 0 : parts_.back().end) + part.pieces * (part.few ? 1 : divide_up(x.rows, row_block));
  parts_.push_back(part);
}

void Matmul::run(std::span<const MatmulTerm> terms, ConstView x) {
  check_matmul(terms, x);
  parts_.clear();
  if (x.rows == 0) return;
  for (const MatmulTerm& term : terms) add_part(term, x, 0, 0, term.weight->rows());
  run_parts(x);
}

void Matmul::run_experts(View y, const Weight& w, int64_t experts, ConstView x,
                         std::span<const int32_t> expert_of_row) {
  check_matmul_experts(y, w, experts, x, expert_of_row);
  parts_.clear();
  for (int64_t r = 0; r < x.rows;) {
    int64_t next = r + 1;
    while (next < x.rows && expert_of_row[next] == expert_of_row[r]) ++next;
    add_part({y.slice(r, next - r), &w, nullptr, false}, x.slice(r, next - r), r, expert_of_row[r] * y.cols, y.cols);
    r = next;
  }
  run_parts(x);
}

void Matmul::run_parts(ConstView x) {
  if (parts_.empty()) return;
  const auto quantised = [](const Part& part) { return part.weight != nullptr; };
  if (std::any_of(parts_.begin(), parts_.end(), quantised)) quantise(x);
  threads_.run(parts_.back().end, [this](int64_t task, int thread) { run_task(task, thread); });
}

void Matmul::run_task(int64_t task, int thread) {
  const auto at = std::upper_bound(parts_.begin(), parts_.end(), task,
                                   [](int64_t value, const Part& candidate) { return value < candidate.end; });
  const Part& part = *at;
  if (at != parts_.begin()) task -= (at - 1)->end;
  Scratch& scratch = scratch_[static_cast<size_t>(thread)];
  if (!part.few) {
    part.weight ? panel(part, task, scratch) : float_panel(part, task, scratch);
    return;
  }
  const int64_t first = task * part.piece;
  if (part.weight) {
    const int64_t groups = divide_up(part.first + part.outputs, isa_.lanes) - part.first / isa_.lanes;
    few_rows(part, part.first / isa_.lanes + first, std::min(part.piece, groups - first), scratch);
  } else {
    few_float_rows(part, part.first + first, std::min(part.piece, part.outputs - first), scratch);
  }
}

/// The quantised x of a part from its row and a column on.
Activations Matmul::activations(const Part& part, int64_t row, int64_t column) const {
  const int64_t r = part.first_x + row;
  return {x_.codes + r * x_.code_stride + column, x_.meta + r * x_.meta_stride + column / 8, x_.code_stride,
          x_.meta_stride};
}

void Matmul::few_rows(const Part& part, int64_t first, int64_t count, Scratch& scratch) const {
  const InterleavedWeight& weight = *part.weight;
  const auto multiply = weight.loops().rows[part.x.rows - 1];
  const Activations x = activations(part, 0, 0);
  const int64_t lanes = isa_.lanes;
  for (int64_t g = first; g < first + count; ++g) {
    multiply(weight.group(g), weight.units(), x, scratch.sums);
    for (int64_t r = 0; r < part.x.rows; ++r) part.put(r, g * lanes, lanes, scratch.sums + r * lanes);
  }
}

void Matmul::panel(const Part& part, int64_t index, Scratch& scratch) const {
  const InterleavedWeight& weight = *part.weight;
  const QuantisedLoops& loops = weight.loops();
  const int64_t lanes = isa_.lanes;
  const int64_t first_row = index / part.pieces * row_block, group = part.first / lanes + index % part.pieces * 2;
  const ConstView block = rows_of(part.x, first_row);
  const int64_t step = panel_columns / loops.unit;
  std::fill_n(scratch.sums, block.rows * 2 * lanes, 0.0f);
  for (int64_t u = 0; u < weight.units(); u += step) {
    const int64_t units = std::min(step, weight.units() - u);
    for (int64_t g = 0; g < 2; ++g) {  // an odd last group stands in for its missing neighbour
      loops.unpack(weight.group(std::min(group + g, weight.groups() - 1), u), units, g, scratch.panel);
    }
    for (int64_t r = 0; r < block.rows; r += max_tile_rows) {
      const int64_t rows = std::min(max_tile_rows, block.rows - r);
      loops.tile[rows - 1](scratch.panel, units * loops.unit / 32, activations(part, first_row + r, u * loops.unit),
                           scratch.sums + r * 2 * lanes);
    }
  }
  for (int64_t r = 0; r < block.rows; ++r) {
    part.put(first_row + r, group * lanes, 2 * lanes, scratch.sums + r * 2 * lanes);
  }
}

void Matmul::load_floats(ConstView weight, int64_t row, int64_t column, int64_t columns, float* values) const {
  const std::byte* bytes = weight.row_data(row) + row_bytes(weight.type, column);
  if (const int index = float_index(weight.type); index >= 0) {
    isa_.convert[index](reinterpret_cast<const uint8_t*>(bytes), columns, values);
  } else {
    find_format(weight.type)->to_float(bytes, values, columns);
  }
}

void Matmul::few_float_rows(const Part& part, int64_t first, int64_t count, Scratch& scratch) const {
  const ConstView weight = dynamic_cast<const BorrowedWeight&>(*part.term.weight).view();
  const ConstView x = part.x;
  const int index = float_index(weight.type);
  const int64_t chunk = index >= 0 ? x.cols : float_chunk;
  for (int64_t row = first; row < first + count; row += 4) {
    const int64_t rows = std::min<int64_t>(4, first + count - row);
    float sums[few_float_rows_limit * 4] = {};
    for (int64_t column = 0; column < x.cols; column += chunk) {
      const int64_t columns = std::min(chunk, x.cols - column);
      const auto* w = reinterpret_cast<const uint8_t*>(weight.row_data(row));
      auto w_stride = static_cast<int64_t>(weight.stride);
      if (index < 0) {
        for (int64_t i = 0; i < rows; ++i) {
          load_floats(weight, row + i, column, columns, scratch.rows.as<float>() + i * float_chunk);
        }
        w = scratch.rows.as<uint8_t>();
        w_stride = float_chunk * 4;
      }
      for (int64_t r = 0; r < x.rows; r += 3) {
        float dots[3 * 4];
        const int64_t count_x = std::min<int64_t>(3, x.rows - r);
        isa_.float_rows[std::max(index, 0)]({w, w_stride, rows, x.row(r) + column,
                                             static_cast<int64_t>(x.stride / sizeof(float)), count_x, columns, dots});
        for (int64_t i = 0; i < 4 * count_x; ++i) sums[4 * r + i] += dots[i];
      }
    }
    for (int64_t r = 0; r < x.rows; ++r) part.put(r, row, rows, sums + 4 * r);
  }
}

/// panel[column][2 · lanes], zeros for rows beyond the last.
void Matmul::load_float_panel(ConstView weight, int64_t first_row, int64_t column, int64_t columns,
                              Scratch& scratch) const {
  const int64_t width = 2 * isa_.lanes;
  auto* values = scratch.rows.as<float>();
  for (int64_t i = 0; i < width; ++i) {
    if (first_row + i < weight.rows) {
      load_floats(weight, first_row + i, column, columns, values);
    } else {
      std::fill_n(values, columns, 0.0f);
    }
    for (int64_t k = 0; k < columns; ++k) scratch.float_panel()[k * width + i] = values[k];
  }
}

void Matmul::float_panel(const Part& part, int64_t index, Scratch& scratch) const {
  const ConstView weight = dynamic_cast<const BorrowedWeight&>(*part.term.weight).view();
  const int64_t width = 2 * isa_.lanes;
  const int64_t first_row = index / part.pieces * row_block, first = part.first + index % part.pieces * width;
  const ConstView block = rows_of(part.x, first_row);
  const auto x_stride = static_cast<int64_t>(block.stride / sizeof(float));
  std::fill_n(scratch.sums, block.rows * width, 0.0f);
  for (int64_t column = 0; column < block.cols; column += float_panel_columns) {
    const int64_t columns = std::min(float_panel_columns, block.cols - column);
    load_float_panel(weight, first, column, columns, scratch);
    for (int64_t r = 0; r < block.rows; r += float_tile_rows) {
      isa_.float_tile({scratch.float_panel(), block.row(r) + column, x_stride,
                       std::min(float_tile_rows, block.rows - r), columns, scratch.sums + r * width});
    }
  }
  for (int64_t r = 0; r < block.rows; ++r) part.put(first_row + r, first, width, scratch.sums + r * width);
}

}  // namespace deskhand::cpu
