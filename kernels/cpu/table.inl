// The table of this instruction set, from the bodies included before.
constexpr Isa make_isa(const char* name, bool (*supported)()) {
  return {name,
          lanes,
          supported,
          quantised,
          static_cast<int32_t>(sizeof quantised / sizeof quantised[0]),
          quantise,
          {float_rows<load_f32, 4>, float_rows<load_f16, 2>, float_rows<load_bf16, 2>},
          float_tile,
          {convert<load_f32, 4>, convert<load_f16, 2>, convert<load_bf16, 2>},
          attend,
          rms_norm,
          gate_row<silu>,
          gate_row<gelu_tanh>,
          gate_row<sigmoid>,
          soft_cap,
          conv_row,
          delta_steps,
          delta_prepare,
          delta_chunk_panel,
          peak_f32,
          peak_int8};
}
