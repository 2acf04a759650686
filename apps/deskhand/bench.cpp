// deskhand bench: how fast this machine decodes, prefills, sees and captures, beside what the machine could do.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "apps/bench/image_test.h"
#include "apps/bench/prompts_test.h"
#include "apps/cli/command.h"
#include "apps/cli/numbers.h"
#include "apps/cli/seeing_model.h"
#include "apps/cli/sizes.h"
#include "kernels/cpu/machine.h"
#include "platform/desktop.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  ModelOptions model;
  std::string display, prompts;
  int64_t prefill = 512, decode = 64, depth = 0;
  Extent image{};
  int repeats = 3;
  bool capture = false, json = false;
};

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Peak resident memory of this process, MB.
double rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

class Bench {
 public:
  Bench(const Options& options, CommandContext& context) : options_(options), context_(context) {}

  ExitStatus run() {
    const bool sees = options_.image != Extent{};
    const bool speaks = options_.prefill > 0 || options_.decode > 0 || !options_.prompts.empty();
    const bool with_model = (!options_.capture || !options_.model.model.empty() || sees) && (speaks || !sees);
    std::unique_ptr<ImageTest> eyes = sees ? open_eyes() : nullptr;  // before the model: missing ones are said at once
    std::optional<PromptsTest> test;
    if (with_model && !options_.prompts.empty()) test.emplace(options_.prompts);
    const SeeingModel seeing = with_model ? open(test && test->sees()) : SeeingModel{};
    Engine* engine = seeing.engine.get();
    const BackendInfo backend = engine != nullptr
                                    ? engine->backend().info()
                                    : make_cpu_backend({.threads = options_.model.threads, .isa = {}})->info();
    machine_ = measure_machine(backend.threads);
    head(backend);
    if (test) {
      prompts(*test, seeing);
    } else if (engine != nullptr) {
      model(*engine, backend);
    }
    if (eyes) image(*eyes, backend);
    if (options_.capture) capture();
    return ExitStatus::done;
  }

 private:
  SeeingModel open(bool with_eyes) const {
    if (with_eyes) return open_seeing_model(options_.model, context_);
    return {.engine = open_model(options_.model, context_)};
  }

  void stop_if_asked() const {
    if (context_.stop.stop_requested()) throw Interrupted();
  }

  void head(const BackendInfo& backend) {
    const ordered_json record = {{"machine",
                                  {{"cores", std::thread::hardware_concurrency()},
                                   {"isa", backend.isa},
                                   {"read_gb_s", machine_.read_gb_s},
                                   {"peak_flop_s", {{"f32", machine_.f32_flop_s}, {"int8", machine_.int8_op_s}}}}}};
    emit(record,
         fmt::format("machine: {}, {} threads, reads {:.1f} GB/s, {:.0f} GFLOP/s f32, {:.0f} GOP/s int8", backend.isa,
                     backend.threads, machine_.read_gb_s, machine_.f32_flop_s / 1e9, machine_.int8_op_s / 1e9));
  }

  void emit(const ordered_json& record, const std::string& line) {
    context_.out << (options_.json ? record.dump() : line) << "\n" << std::flush;
  }

  // Ids that no tokenizer run is needed for: spread over the vocabulary, never an end or control token's effect
  // matters.
  std::vector<int32_t> some_ids(const Engine& engine, int64_t count) const {
    if (count > engine.info().context) {
      throw ContextFull(
          fmt::format("-p and --depth ask for {} tokens, the context holds {}", count, engine.info().context));
    }
    std::vector<int32_t> ids(static_cast<size_t>(count));
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>((i * 7919 + 13) % engine.info().vocabulary);
    return ids;
  }

  void model(Engine& engine, const BackendInfo& backend) {
    // Products are counted as if every parameter were multiplied: untied embeddings, read by row, count too.
    const double weight_bytes = static_cast<double>(engine.info().bytes_per_token);
    const double flops = 2.0 * static_cast<double>(engine.info().parameters);
    if (options_.prefill > 0) {
      const double seconds = best([&] { return time_prefill(engine); });
      report("prefill", options_.prefill, seconds / static_cast<double>(options_.prefill), 0, flops, engine, backend);
    }
    if (options_.decode > 0) {
      const double seconds = best([&] { return time_decode(engine); });
      report("decode", options_.decode, seconds / static_cast<double>(options_.decode), weight_bytes, flops, engine,
             backend);
    }
  }

  double best(const std::function<double()>& measure) const {
    double least = 1e300;
    for (int i = 0; i < options_.repeats; ++i) {
      stop_if_asked();
      least = std::min(least, measure());
    }
    return least;
  }

  double time_prefill(Engine& engine) {
    const auto session = engine.new_session();
    if (options_.depth > 0) session->set_prompt(some_ids(engine, options_.depth), context_.stop);
    const std::vector<int32_t> ids = some_ids(engine, options_.depth + options_.prefill);
    return seconds_of([&] { session->set_prompt(ids, context_.stop); });
  }

  double time_decode(Engine& engine) {
    const auto session = engine.new_session();
    session->set_prompt(some_ids(engine, std::max<int64_t>(options_.depth, 1)), context_.stop);
    GenerateOptions generate;
    generate.max_tokens = options_.decode;
    generate.ignore_end = true;
    Generation made;
    const double all = seconds_of([&] { made = session->generate(generate, nullptr, {}, context_.stop); });
    stop_if_asked();
    return all;
  }

  void report(const char* test, int64_t n, double seconds_each, double bytes_each, double flops_each,
              const Engine& engine, const BackendInfo& backend) {
    const double gb_s = bytes_each / seconds_each / 1e9;
    const double flop_s = flops_each / seconds_each;
    const double of_peak = bytes_each > 0 ? gb_s / machine_.read_gb_s : flop_s / machine_.int8_op_s;
    const ordered_json record = {{"test", test},
                                 {"n", n},
                                 {"depth", options_.depth},
                                 {"tok_s", 1 / seconds_each},
                                 {"gb_s", gb_s},
                                 {"flop_s", flop_s},
                                 {"of_peak", of_peak},
                                 {"rss_mb", rss_mb()},
                                 {"threads", backend.threads},
                                 {"isa", backend.isa},
                                 {"model", engine.info().path.filename().string()}};
    emit(record, bytes_each > 0
                     ? fmt::format("{} {} at depth {}: {:.1f} tok/s, {:.1f} GB/s, {:.0f} % of the read bandwidth", test,
                                   n, options_.depth, 1 / seconds_each, gb_s, of_peak * 100)
                     : fmt::format("{} {} at depth {}: {:.1f} tok/s, {:.1f} GFLOP/s, {:.0f} % of the int8 peak", test,
                                   n, options_.depth, 1 / seconds_each, flop_s / 1e9, of_peak * 100));
  }

  std::unique_ptr<ImageTest> open_eyes() const {
    const std::filesystem::path model = resolve_model(options_.model.model);
    const ModelInfo info = Engine::describe(model, engine_options(options_.model));
    FoundEyes eyes = eyes_of(info, options_.model.mmproj, true);
    if (!eyes.file) throw no_eyes(info, "--image");
    return std::make_unique<ImageTest>(
        std::move(*eyes.file), info.width,
        make_cpu_backend({.threads = options_.model.threads, .exact = options_.model.exact}));
  }

  void image(ImageTest& test, const BackendInfo& backend) {
    const ImageTimes times = test.run({options_.image.width, options_.image.height}, options_.repeats, context_.stop);
    stop_if_asked();
    const bool is_int8 = test.is_quantised() && !options_.model.exact;
    const double flop_s = times.cost.flops / times.encode_seconds;
    const double of_peak = flop_s / (is_int8 ? machine_.int8_op_s : machine_.f32_flop_s);
    const double prepare = times.prepare_seconds * 1e3, encode = times.encode_seconds * 1e3;
    emit({{"test", "image"},
          {"n", times.cost.tokens},
          {"size", {options_.image.width, options_.image.height}},
          {"frame", {times.cost.frame.width, times.cost.frame.height}},
          {"patches", times.cost.patches},
          {"tokens", times.cost.tokens},
          {"ms", prepare + encode},
          {"prepare_ms", prepare},
          {"encode_ms", encode},
          {"flop_s", flop_s},
          {"of_peak", of_peak},
          {"rss_mb", rss_mb()},
          {"threads", backend.threads},
          {"isa", backend.isa},
          {"model", test.path().filename().string()}},
         fmt::format(
             "image {}×{}: {} tokens, {:.1f} ms to prepare, {:.1f} ms to encode, {:.1f} GFLOP/s, {:.0f} % of the "
             "{} peak",
             options_.image.width, options_.image.height, times.cost.tokens, prepare, encode, flop_s / 1e9,
             of_peak * 100, is_int8 ? "int8" : "f32"));
  }

  static ordered_json record_of(const PromptCost& cost) {
    return {
        {"computed", cost.computed}, {"image_rows", cost.image_rows},          {"encoded", cost.encoded},
        {"ms", cost.seconds * 1e3},  {"encode_ms", cost.encode_seconds * 1e3}, {"decode_ms", cost.decode_seconds * 1e3},
        {"rss_mb", rss_mb()}};
  }

  /// Empty for texts alone.
  static std::string pictures_of(const PromptCost& cost) {
    if (cost.image_rows == 0) return "";
    return fmt::format("; {} of them of pictures, {} pictures encoded in {:.2f} s", cost.image_rows, cost.encoded,
                       cost.encode_seconds);
  }

  /// What an agent does: prompts that share most of their text with those before them, a reply after each.
  void prompts(const PromptsTest& test, const SeeingModel& model) {
    int64_t number = 0;
    PromptCost all;
    const auto on_cost = [&](const PromptCost& cost) {
      all += cost;
      ordered_json record = {{"test", "prompt"}, {"n", cost.tokens}, {"number", ++number}};
      record.update(record_of(cost));
      emit(record, fmt::format("prompt {}: {} tokens, {} computed in {:.2f} s{}", number, cost.tokens, cost.computed,
                               cost.seconds, pictures_of(cost)));
    };
    test.run(model, options_.decode, on_cost, context_.stop);
    stop_if_asked();
    const double cache_mb = static_cast<double>(model.engine->cache_stats().bytes) / 1e6;
    ordered_json record = {{"test", "prompts"}, {"n", number}, {"tokens", all.tokens}, {"cache_mb", cache_mb}};
    record.update(record_of(all));
    emit(record, fmt::format("{} prompts: {} tokens, {} computed in {:.1f} s{}; {:.0f} MB of keys, values and states, "
                             "{:.0f} MB resident at most",
                             number, all.tokens, all.computed, all.seconds, pictures_of(all), cache_mb, rss_mb()));
  }

  void capture() {
    const auto desktop = open_x11_desktop({.display = options_.display});
    const ScreenRect bounds = desktop->bounds();
    desktop->capture();
    std::vector<double> times;
    for (int i = 0; i < 30; ++i) {
      stop_if_asked();
      times.push_back(seconds_of([&] { desktop->capture(); }) * 1e3);
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    emit({{"test", "capture"}, {"n", times.size()}, {"size", {bounds.width(), bounds.height()}}, {"ms", median}},
         fmt::format("capture of {}×{}: {:.1f} ms (median of {})", bounds.width(), bounds.height(), median,
                     times.size()));
  }

  const Options& options_;
  CommandContext& context_;
  MachineSpeed machine_;
};

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_mmproj_option(app, options->model);
  whole_number(app.add_option("-p", options->prefill, "tokens to prefill, 0 leaves it out"), 0)->capture_default_str();
  whole_number(app.add_option("-n", options->decode, "tokens to decode, 0 leaves it out"), 0)->capture_default_str();
  whole_number(app.add_option("--depth", options->depth, "tokens in the context before the measurement"), 0)
      ->capture_default_str();
  whole_number(app.add_option("--repeat", options->repeats, "runs of each, the best counts"), 1, 1000)
      ->capture_default_str();
  app.add_option("--prompts", options->prompts,
                 "instead: a file with a prompt per line, those of one conversation: a JSON list of token ids, or "
                 "an object with messages, pictures by path; shows how much of each is computed")
      ->type_name("FILE");
  size_option(app, "--image", options->image,
              "time the model's eyes for a picture of this size (alone with -p 0 -n 0)");
  app.add_flag("--capture", options->capture, "time the capture of the screen (alone when no -m is given)");
  app.add_option("--display", options->display, "X display for --capture (default: $DISPLAY)")->type_name(":N");
  app.add_flag("--json", options->json, "a line of JSON per result, for machines");
  return [options](CommandContext& context) { return Bench(*options, context).run(); };
}

}  // namespace

extern const Command command_bench;
const Command command_bench = {"bench", "how fast this machine decodes, prefills, sees and captures",
                               "  deskhand bench -m qwen.gguf\n"
                               "  deskhand bench -m qwen.gguf -p 0 -n 128 --depth 2048 --json\n"
                               "  deskhand bench -m qwen.gguf --prompts agent.jsonl -n 8\n"
                               "  deskhand bench -m qwen.gguf --mmproj mmproj.gguf -p 0 -n 0 --image 1920x1080\n"
                               "  deskhand bench --capture --display :1",
                               define};

}  // namespace deskhand
