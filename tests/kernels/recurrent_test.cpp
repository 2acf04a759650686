// The ops with a state, on every instruction set against the definition: shapes, runs, snapshots, any cut into calls.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "kernels/check.h"
#include "tests/kernels/op_support.h"

namespace deskhand {
namespace {

using testing::Matrix;
using testing::nmse;

constexpr size_t offset = 192;
/// Rounding of float32 against double: some units of 2^-24 on every value.
constexpr double noise = 1e-11;

/// A state blob with another op's bytes before and behind the part.
class State {
 public:
  State(Backend& device, size_t bytes) : bytes_(bytes), buffer_(device.allocate(offset + bytes + 64)) {
    std::fill_n(buffer_->data(), offset, std::byte{0xa5});
    std::fill_n(buffer_->data() + offset + bytes, 64, std::byte{0xa5});
  }
  std::byte* data() { return buffer_->data(); }
  void check_guards() {
    const auto guard = [](std::byte b) { return b == std::byte{0xa5}; };
    EXPECT_TRUE(std::all_of(data(), data() + offset, guard)) << "written before the part";
    EXPECT_TRUE(std::all_of(data() + offset + bytes_, data() + offset + bytes_ + 64, guard)) << "written behind it";
  }
  bool operator==(State& other) { return std::equal(data() + offset, data() + offset + bytes_, other.data() + offset); }

 private:
  size_t bytes_;
  std::unique_ptr<Buffer> buffer_;
};

/// Columns [first, first + count).
View columns(View x, int64_t first, int64_t count) {
  return {x.row(0) + first, DType::f32, x.rows, count, x.stride};
}

class Recurrent : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = 3, .isa = GetParam()});
  std::unique_ptr<Backend> reference = make_reference_backend();
};

/// Two sequences in one batch, the first cut in two with a snapshot between, one row that belongs to nobody; then some
/// rows more from every state.
template <class Op>
void run_two_sequences(Backend& device, size_t bytes, int64_t rows, const Op& op) {
  State a(device, bytes), b(device, bytes), snapshot(device, bytes), last(device, bytes);
  const int64_t cut = rows / 3, half = rows / 2;
  const std::array runs = {RecurrentRun{0, cut, a.data(), snapshot.data()},
                           RecurrentRun{half + 1, rows - half - 1, b.data(), nullptr},
                           RecurrentRun{cut, half - cut, a.data(), last.data()}};
  op(device, runs);
  EXPECT_TRUE(a == last);
  const std::array more = {RecurrentRun{0, 1, a.data(), nullptr}, RecurrentRun{1, 2, b.data(), nullptr},
                           RecurrentRun{3, 3, snapshot.data(), nullptr}};
  op(device, more);
  for (State* state : {&a, &b, &snapshot, &last}) state->check_guards();
}

TEST_P(Recurrent, CausalConvolution) {
  for (const int64_t channels : {1, 5, 48, 256, 300, 1001}) {
    for (const int64_t kernel : {1, 2, 3, 4, 8}) {
      for (const int64_t rows : {8, 9, 40}) {
        SCOPED_TRACE(fmt::format("{} channels, kernel {}, {} rows", channels, kernel, rows));
        Matrix w = Matrix::random(1, channels * kernel, 1);
        const ConvShape shape{{w.view().row(0), static_cast<size_t>(channels * kernel)}, kernel, offset};
        Matrix actual = Matrix::random(rows, channels + 7, 2), expected = actual, apart = actual;
        const auto run = [&](Backend& device, Matrix& x) {
          run_two_sequences(device, device.conv_state_bytes(channels, kernel), rows, [&](Backend& d, auto& runs) {
            const View part = columns(x.view(), 4, channels);
            d.causal_conv(part, part, shape, runs);
          });
        };
        run(*reference, expected);
        run(*backend, actual);
        EXPECT_LE(nmse(actual, expected), noise);
        actual.check_guards();
      }
    }
  }
}

TEST_P(Recurrent, ConvolutionIntoAnotherMatrix) {
  Matrix w = Matrix::random(1, 4 * 70, 1), u = Matrix::random(20, 70, 2), y(20, 70), again(20, 70);
  const ConvShape shape{{w.view().row(0), 4 * 70}, 4, offset};
  State state(*backend, backend->conv_state_bytes(70, 4)), cut(*backend, backend->conv_state_bytes(70, 4));
  const RecurrentRun all{0, 20, state.data(), nullptr};
  backend->causal_conv(y.view(), u.view(), shape, {&all, 1});
  for (int64_t r = 0; r < 20; ++r) {
    const RecurrentRun one{r, 1, cut.data(), nullptr};
    backend->causal_conv(again.view(), u.view(), shape, {&one, 1});
  }
  EXPECT_EQ(nmse(again, y), 0.0);
  EXPECT_TRUE(state == cut);
}

struct DeltaCase {
  int64_t key_heads, value_heads, key_dim, value_dim;
  bool tiled;
};

/// Random arguments of the delta rule: q, k and v are columns of one matrix.
struct DeltaInput {
  DeltaShape shape;
  Matrix qkv, a, b, decay, bias;

  DeltaInput(const DeltaCase& c, int64_t rows, float decay_size = 1.0f)
      : shape{c.key_heads, c.value_heads, c.key_dim, c.value_dim, c.tiled, {}, {}, offset},
        qkv(Matrix::random(rows, 2 * c.key_heads * c.key_dim + c.value_heads * c.value_dim, 1)),
        a(Matrix::random(rows, c.value_heads, 2, 2.0f)),
        b(Matrix::random(rows, c.value_heads, 3, 2.0f)),
        decay(Matrix::random(1, c.value_heads, 4)),
        bias(Matrix::random(1, c.value_heads, 5)) {
    const auto heads = static_cast<size_t>(c.value_heads);
    for (size_t h = 0; h < heads; ++h) decay.view().row(0)[h] = -decay_size * std::exp(2 * decay.view().row(0)[h]);
    shape.decay = {decay.view().row(0), heads};
    shape.bias = {bias.view().row(0), heads};
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t h = 0; h < 2 * c.key_heads; ++h) {
        float* x = qkv.view().row(r) + h * c.key_dim;
        float squares = 1e-6f;
        for (int64_t i = 0; i < c.key_dim; ++i) squares += x[i] * x[i];
        for (int64_t i = 0; i < c.key_dim; ++i) x[i] /= std::sqrt(squares);
      }
    }
  }
  int64_t width() const { return shape.value_heads * shape.value_dim; }
  DeltaRows rows(int64_t first, int64_t count) {
    const int64_t keys = shape.key_heads * shape.key_dim;
    const View all = qkv.view().slice(first, count);
    return {columns(all, 0, keys), columns(all, keys, keys), columns(all, 2 * keys, width()),
            a.view().slice(first, count), b.view().slice(first, count)};
  }
};

const std::array<DeltaCase, 8> delta_cases = {{{1, 1, 16, 16, false},
                                               {2, 4, 128, 128, false},
                                               {2, 6, 24, 40, true},
                                               {2, 6, 24, 40, false},
                                               {1, 2, 7, 5, true},
                                               {1, 1, 128, 17, false},
                                               {1, 3, 1, 1, false},
                                               {3, 3, 33, 64, true}}};

TEST_P(Recurrent, DeltaRule) {
  for (const DeltaCase& c : delta_cases) {
    for (const int64_t rows : {8, 17, 70, 200}) {
      for (const float decay : {0.01f, 1.0f, 50.0f}) {
        SCOPED_TRACE(fmt::format("{}/{} heads of {}/{}, {} rows, decay {}", c.key_heads, c.value_heads, c.key_dim,
                                 c.value_dim, rows, decay));
        DeltaInput input(c, rows, decay);
        Matrix actual(rows, input.width()), expected(rows, input.width());
        const auto run = [&](Backend& device, Matrix& out) {
          run_two_sequences(device, device.delta_state_bytes(input.shape), rows, [&](Backend& d, auto& runs) {
            d.delta_rule(out.view(), input.rows(0, rows), input.shape, runs);
          });
        };
        run(*backend, actual);
        run(*reference, expected);
        EXPECT_LE(nmse(actual, expected), noise);
        actual.check_guards();
      }
    }
  }
}

// Prefill in any chunks and decode agree within rounding.
TEST_P(Recurrent, CutsDoNotMatter) {
  for (const DeltaCase& c : delta_cases) {
    constexpr int64_t rows = 150;
    DeltaInput input(c, rows);
    Matrix whole(rows, input.width());
    State whole_state(*backend, backend->delta_state_bytes(input.shape));
    const RecurrentRun all{0, rows, whole_state.data(), nullptr};
    backend->delta_rule(whole.view(), input.rows(0, rows), input.shape, {&all, 1});
    for (const int64_t step : {1, 3, 16, 40, 64}) {
      Matrix cut(rows, input.width());
      State state(*backend, backend->delta_state_bytes(input.shape));
      for (int64_t first = 0; first < rows; first += step) {
        const int64_t count = std::min(step, rows - first);
        const RecurrentRun run{0, count, state.data(), nullptr};
        backend->delta_rule(cut.view().slice(first, count), input.rows(first, count), input.shape, {&run, 1});
      }
      EXPECT_LE(nmse(cut, whole), noise) << step << " rows a call";
    }
  }
}

// Value head 3 · key + i of the grouped order is head 2 · i + key of the tiled one.
TEST_P(Recurrent, TiledIsGroupedInAnotherOrder) {
  constexpr int64_t rows = 20, heads = 6, width = 10;
  DeltaInput grouped({2, heads, 8, width, false}, rows), tiled({2, heads, 8, width, true}, rows);
  const auto place = [](int64_t head) { return head % 3 * 2 + head / 3; };
  for (int64_t h = 0; h < heads; ++h) {
    tiled.decay.view().row(0)[place(h)] = grouped.decay.view().row(0)[h];
    tiled.bias.view().row(0)[place(h)] = grouped.bias.view().row(0)[h];
    for (int64_t r = 0; r < rows; ++r) {
      tiled.a.view().row(r)[place(h)] = grouped.a.view().row(r)[h];
      tiled.b.view().row(r)[place(h)] = grouped.b.view().row(r)[h];
      std::copy_n(grouped.qkv.view().row(r) + 32 + h * width, width, tiled.qkv.view().row(r) + 32 + place(h) * width);
    }
  }
  for (Backend* device : {backend.get(), reference.get()}) {
    Matrix out[2] = {Matrix(rows, heads * width), Matrix(rows, heads * width)};
    for (DeltaInput* input : {&grouped, &tiled}) {
      State state(*device, device->delta_state_bytes(input->shape));
      const RecurrentRun run{0, rows, state.data(), nullptr};
      device->delta_rule(out[input == &tiled].view(), input->rows(0, rows), input->shape, {&run, 1});
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < heads * width; ++i) {
        ASSERT_EQ(out[1].view().row(r)[place(i / width) * width + i % width], out[0].view().row(r)[i]);
      }
    }
  }
}

TEST_P(Recurrent, OutMayBeV) {
  const DeltaCase c{1, 2, 32, 24, false};
  for (const int64_t rows : {3, 90}) {
    DeltaInput input(c, rows);
    Matrix apart(rows, input.width());
    for (const bool same : {false, true}) {
      State state(*backend, backend->delta_state_bytes(input.shape));
      const RecurrentRun run{0, rows, state.data(), nullptr};
      const View v = columns(input.qkv.view(), 64, 48);
      backend->delta_rule(same ? v : apart.view(), input.rows(0, rows), input.shape, {&run, 1});
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < 48; ++i) ASSERT_EQ(input.qkv.view().row(r)[64 + i], apart.view().row(r)[i]);
    }
  }
}

TEST_P(Recurrent, NumbersOfThreadsGiveTheSameBits) {
  DeltaInput input({2, 4, 128, 128, false}, 100);
  Matrix out[2] = {Matrix(100, 512), Matrix(100, 512)};
  for (int i = 0; i < 2; ++i) {
    const auto device = make_cpu_backend({.threads = 1 + 3 * i, .isa = GetParam()});
    State state(*device, device->delta_state_bytes(input.shape));
    const RecurrentRun run{0, 100, state.data(), nullptr};
    device->delta_rule(out[i].view(), input.rows(0, 100), input.shape, {&run, 1});
  }
  EXPECT_EQ(nmse(out[0], out[1]), 0.0);
}

TEST_P(Recurrent, PartsFollowOneAnother) {
  for (Backend* device : {backend.get(), reference.get()}) {
    EXPECT_EQ(device->conv_state_bytes(5, 1), 0u);
    EXPECT_EQ(device->conv_state_bytes(16, 2), 64u);
    EXPECT_EQ(device->conv_state_bytes(5, 4), 64u);
    for (const DeltaCase& c : delta_cases) {
      const DeltaInput input(c, 1);
      EXPECT_EQ(device->delta_state_bytes(input.shape) % 64, 0u);
      EXPECT_GE(device->delta_state_bytes(input.shape),
                static_cast<size_t>(c.value_heads * c.key_dim * c.value_dim) * sizeof(float));
    }
  }
}

TEST_P(Recurrent, WrongShapesAreRefused) {
  DeltaInput input({1, 2, 8, 8, false}, 4);
  Matrix out(4, 16), narrow(4, 8), w(1, 32);
  State state(*backend, backend->delta_state_bytes(input.shape));
  const RecurrentRun good{0, 4, state.data(), nullptr}, long_run{1, 4, state.data(), nullptr},
      no_state{0, 4, nullptr, nullptr};
  EXPECT_THROW(backend->delta_rule(narrow.view(), input.rows(0, 4), input.shape, {&good, 1}), InternalError);
  EXPECT_THROW(backend->delta_rule(out.view(), input.rows(0, 4), input.shape, {&long_run, 1}), InternalError);
  EXPECT_THROW(backend->delta_rule(out.view(), input.rows(0, 4), input.shape, {&no_state, 1}), InternalError);
  const ConvShape conv{{w.view().row(0), 32}, 3, 0};
  EXPECT_THROW(backend->causal_conv(narrow.view(), narrow.view(), conv, {&good, 1}), InternalError);
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Recurrent, ::testing::ValuesIn(cpu_isas().begin(), cpu_isas().end()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace deskhand
