#pragma once
// What one instruction set gives the CPU backend: a table of inner loops.
//
//   const Isa& isa = *isas()[0];          isa.quantise(x, cols, codes, meta);
//
// The loops are the .inl bodies over the vector type of vector_*.inl, compiled once per isa_*.cpp with its own flags.
// This header is compiled there too, so it includes <cstdint> alone: an inline std function built with wide
// instructions could be picked by the linker for everybody.
//
// Quantised weights are interleaved: `lanes` rows form a group, and a vector holds 4 neighbouring columns of each row.
// Per 32 columns a group has `vectors` vectors of 4 · lanes bytes: four of nibbles (vector v: the low nibbles are
// columns 4v…4v+3, the high nibbles columns 16+4v…19+4v), then one (5 bits) or two (6 bits) of high bits; codes of 2
// and 3 bits are two vectors of bit pairs (pair j of vector v: columns 8j+4v…8j+4v+3), then one of third bits; 8-bit
// codes are eight plain vectors. Scales lie apart: per unit (a block of the file's format) the halves, then the scale
// bytes, of all lanes.

#include <cstdint>

#include "kernels/cpu/dense_jobs.h"
#include "kernels/cpu/recurrent_jobs.h"

namespace deskhand::cpu {

/// Activations as int8: codes[r · code_stride + i], and per 32 columns the four floats {d, d·Σ first 16, d·Σ last 16,
/// d·Σ all} at meta[r · meta_stride + 4 · block].
struct Activations {
  const int8_t* codes;
  const float* meta;
  int64_t code_stride;
  int64_t meta_stride;
};

/// One group of interleaved rows.
struct Group {
  const uint8_t* codes;
  const uint8_t* scales;
};

/// Two groups taken apart for 32 · blocks columns: codes [block][group][8][4 · lanes], scale and offset
/// [block][span][group][lanes] with one or two spans a block: weight = scale · code + offset.
struct Panel {
  uint8_t* codes;
  float* scale;
  float* offset;
};

inline constexpr int64_t max_tile_rows = 4;  ///< rows of x in one register tile

/// The loops of one quantised format.
struct QuantisedLoops {
  uint32_t type;        ///< GGUF type id
  int32_t unit;         ///< columns of a block in the file
  int32_t spans;        ///< scales per 32 columns: 1 or 2
  int32_t vectors;      ///< bytes of codes per 32 columns and row / 4
  int32_t scale_bytes;  ///< bytes of scales per unit and row
  /// y[r][lanes] = group · x[r] for 1…max_tile_rows rows, `units` units of columns.
  void (*rows[max_tile_rows])(Group group, int64_t units, const Activations& x, float* y);
  /// Takes `units` units of one group apart, as group 0 or 1 of the panel.
  void (*unpack)(Group group, int64_t units, int64_t index, const Panel& panel);
  /// y[r][2 · lanes] += panel · x[r] over `blocks` blocks of 32 columns.
  void (*tile[max_tile_rows])(const Panel& panel, int64_t blocks, const Activations& x, float* y);
};

/// dots[x][w] = Σ x · w for 1…4 rows w of type f32, f16 or bf16 and 1…3 rows of x.
struct FloatRows {
  const uint8_t* w;
  int64_t w_stride;  ///< bytes
  int64_t w_rows;
  const float* x;
  int64_t x_stride;  ///< floats
  int64_t x_rows;
  int64_t cols;
  float* dots;  ///< [x_rows][4]
};

/// y[r][2 · lanes] += Σ_k panel[k][2 · lanes] · x[r][k] for any number of rows.
struct FloatTile {
  const float* panel;
  const float* x;
  int64_t x_stride;
  int64_t x_rows;
  int64_t cols;
  float* y;
};

/// Queries of one kv head against the keys of one page. q, acc: [queries][width]; k, v: [keys] rows of width values of
/// a float type, `stride` bytes apart, width a multiple of lanes and zero-padded; first, last: each query's keys of the
/// page; largest, sum: the online softmax; scores: room for [queries][keys].
struct AttentionPage {
  float* q;
  const uint8_t* k;
  const uint8_t* v;
  int64_t stride;
  float* acc;
  float* largest;
  float* sum;
  float* scores;
  int32_t* first;
  int32_t* last;
  int64_t queries;
  int64_t keys;
  int64_t width;
};

/// Independent sums of the peak loops: enough to hide the latency, few enough for the registers.
inline constexpr int peak_sums_f32 = 10;
inline constexpr int peak_sums_int8 = 6;

/// y = (x − mean) / sqrt(variance + eps) · w + b.
struct NormRow {
  const float* x;
  const float* w;
  const float* b;
  int64_t width;
  float eps;
  float* y;
};

inline constexpr int activations = 5;  ///< in the order of Activation

struct Isa {
  const char* name;
  int32_t lanes;
  bool (*supported)();
  const QuantisedLoops* quantised;
  int32_t quantised_count;
  void (*quantise)(const float* x, int64_t cols, int8_t* codes, float* meta);
  void (*float_rows[3])(const FloatRows& job);  ///< f32, f16, bf16
  void (*float_tile)(const FloatTile& job);
  void (*convert[3])(const uint8_t* in, int64_t count, float* out);  ///< f32, f16, bf16
  void (*convert_q8)(const uint8_t* in, int64_t count, float* out);  ///< Q8_0
  void (*attend[3])(const AttentionPage& page);                      ///< K and V of f32, f16, bf16
  void (*attend_dense)(const DenseBlock& block);
  void (*rms_norm)(const float* x, const float* w, int64_t width, float eps, float* y);
  void (*layer_norm)(const NormRow& job);
  void (*glu[activations])(const float* gate, const float* up, int64_t width, float* y);
  void (*activate[activations])(float* x, int64_t width);
  void (*soft_cap)(float* x, int64_t width, float cap);
  void (*conv_row)(const ConvRow& job);
  void (*delta_steps)(const DeltaPanel& job);
  void (*delta_prepare)(const DeltaPanel& rows, DeltaChunk& chunk);
  void (*delta_chunk_panel)(const DeltaPanel& job, const DeltaChunk& chunk);
  float (*peak_f32)(int64_t rounds);   ///< peak_sums_f32 · lanes multiply-adds a round
  float (*peak_int8)(int64_t rounds);  ///< peak_sums_int8 · 4 · lanes multiply-adds a round
};

}  // namespace deskhand::cpu
