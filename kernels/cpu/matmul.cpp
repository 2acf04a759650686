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

const InterleavedWeight* interleaved(const MatmulTerm& term) {
  return dynamic_cast<const InterleavedWeight*>(term.weight);
}

/// y[row][first …] = values (+ bias) (+ y).
void put(const MatmulTerm& term, int64_t row, int64_t first, int64_t count, const float* values) {
  float* y = term.y.row(row) + first;
  for (int64_t i = 0; i < count; ++i) {
    const float value = term.bias ? values[i] + term.bias[first + i] : values[i];
    y[i] = term.accumulate ? y[i] + value : value;
  }
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

/// The tasks of a run: per term, pieces of its rows; for many rows of x, times the blocks of x's rows.
struct Matmul::Job {
  static constexpr size_t max_terms = 8;
  std::span<const MatmulTerm> terms;
  ConstView x;
  bool few[max_terms];
  int64_t piece[max_terms];  ///< groups (few, interleaved), rows (few, floats), 1 (panels)
  int64_t pieces[max_terms];
  int64_t end[max_terms];  ///< first task after this term's
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

void Matmul::run(std::span<const MatmulTerm> terms, ConstView x) {
  check_matmul(terms, x);
  if (terms.empty() || x.rows == 0) return;
  CHECK(terms.size() <= Job::max_terms, "{} terms", terms.size());
  Job job{terms, x, {}, {}, {}, {}};
  int64_t tasks = 0;
  bool quantised = false;
  for (size_t i = 0; i < terms.size(); ++i) {
    const InterleavedWeight* weight = interleaved(terms[i]);
    quantised = quantised || weight;
    const int64_t rows = terms[i].weight->rows();
    job.few[i] = x.rows <= (weight ? few_rows_limit : few_float_rows_limit);
    if (job.few[i]) {
      const int64_t items = weight ? weight->groups() : divide_up(rows, 4);
      const auto item_bytes = static_cast<int64_t>(terms[i].weight->bytes()) / std::max<int64_t>(items, 1) + 1;
      const int64_t smallest = divide_up(16384, item_bytes);  // a task is worth handing over from some microseconds on
      job.piece[i] = std::max(divide_up(items, 8 * threads_.count()), smallest) * (weight ? 1 : 4);
      job.pieces[i] = divide_up(weight ? items : rows, job.piece[i]);
    } else {
      job.piece[i] = 1;
      job.pieces[i] = divide_up(rows, 2 * isa_.lanes);
    }
    tasks += job.pieces[i] * (job.few[i] ? 1 : divide_up(x.rows, row_block));
    job.end[i] = tasks;
  }
  if (quantised) quantise(x);
  threads_.run(tasks, [&](int64_t task, int thread) { run_task(job, task, thread); });
}

void Matmul::run_task(const Job& job, int64_t task, int thread) {
  size_t i = 0;
  while (task >= job.end[i]) ++i;
  if (i > 0) task -= job.end[i - 1];
  const MatmulTerm& term = job.terms[i];
  Scratch& scratch = scratch_[static_cast<size_t>(thread)];
  const bool floats = !interleaved(term);
  if (!job.few[i]) {
    floats ? float_panel(term, job.x, task, scratch) : panel(term, job.x, task, scratch);
    return;
  }
  const int64_t first = task * job.piece[i];
  if (floats) {
    few_float_rows(term, job.x, first, std::min(job.piece[i], term.weight->rows() - first), scratch);
  } else {
    few_rows(term, job.x, first, std::min(job.piece[i], interleaved(term)->groups() - first), scratch);
  }
}

void Matmul::few_rows(const MatmulTerm& term, ConstView x, int64_t first, int64_t count, Scratch& scratch) const {
  const InterleavedWeight& weight = *interleaved(term);
  const auto multiply = weight.loops().rows[x.rows - 1];
  const int64_t lanes = isa_.lanes;
  for (int64_t g = first; g < first + count; ++g) {
    multiply(weight.group(g), weight.units(), x_, scratch.sums);
    const int64_t outputs = std::min(lanes, weight.rows() - g * lanes);
    for (int64_t r = 0; r < x.rows; ++r) put(term, r, g * lanes, outputs, scratch.sums + r * lanes);
  }
}

void Matmul::panel(const MatmulTerm& term, ConstView x, int64_t index, Scratch& scratch) const {
  const InterleavedWeight& weight = *interleaved(term);
  const QuantisedLoops& loops = weight.loops();
  const int64_t lanes = isa_.lanes, panels = divide_up(weight.rows(), 2 * lanes);
  const int64_t first_row = index / panels * row_block, group = index % panels * 2;
  const ConstView block = rows_of(x, first_row);
  const int64_t step = panel_columns / loops.unit;
  std::fill_n(scratch.sums, block.rows * 2 * lanes, 0.0f);
  for (int64_t u = 0; u < weight.units(); u += step) {
    const int64_t units = std::min(step, weight.units() - u);
    for (int64_t g = 0; g < 2; ++g) {  // an odd last group stands in for its missing neighbour
      loops.unpack(weight.group(std::min(group + g, weight.groups() - 1), u), units, g, scratch.panel);
    }
    for (int64_t r = 0; r < block.rows; r += max_tile_rows) {
      const int64_t rows = std::min(max_tile_rows, block.rows - r);
      const Activations at{x_.codes + (first_row + r) * x_.code_stride + u * loops.unit,
                           x_.meta + (first_row + r) * x_.meta_stride + u * loops.unit / 8, x_.code_stride,
                           x_.meta_stride};
      loops.tile[rows - 1](scratch.panel, units * loops.unit / 32, at, scratch.sums + r * 2 * lanes);
    }
  }
  const int64_t outputs = std::min(2 * lanes, weight.rows() - group * lanes);
  for (int64_t r = 0; r < block.rows; ++r) {
    put(term, first_row + r, group * lanes, outputs, scratch.sums + r * 2 * lanes);
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

void Matmul::few_float_rows(const MatmulTerm& term, ConstView x, int64_t first, int64_t count, Scratch& scratch) const {
  const ConstView weight = dynamic_cast<const BorrowedWeight&>(*term.weight).view();
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
    for (int64_t r = 0; r < x.rows; ++r) put(term, r, row, rows, sums + 4 * r);
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

void Matmul::float_panel(const MatmulTerm& term, ConstView x, int64_t index, Scratch& scratch) const {
  const ConstView weight = dynamic_cast<const BorrowedWeight&>(*term.weight).view();
  const int64_t width = 2 * isa_.lanes, panels = divide_up(weight.rows, width);
  const int64_t first_row = index / panels * row_block, first = index % panels * width;
  const ConstView block = rows_of(x, first_row);
  const auto x_stride = static_cast<int64_t>(x.stride / sizeof(float));
  std::fill_n(scratch.sums, block.rows * width, 0.0f);
  for (int64_t column = 0; column < x.cols; column += float_panel_columns) {
    const int64_t columns = std::min(float_panel_columns, x.cols - column);
    load_float_panel(weight, first, column, columns, scratch);
    for (int64_t r = 0; r < block.rows; r += float_tile_rows) {
      isa_.float_tile({scratch.float_panel(), block.row(r) + column, x_stride,
                       std::min(float_tile_rows, block.rows - r), columns, scratch.sums + r * width});
    }
  }
  const int64_t outputs = std::min(width, weight.rows - first);
  for (int64_t r = 0; r < block.rows; ++r) put(term, first_row + r, first, outputs, scratch.sums + r * width);
}

}  // namespace deskhand::cpu
