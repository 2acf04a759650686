#include "core/hub/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace deskhand {
namespace {

constexpr std::array<std::string_view, 7> usual_quants = {"Q4_K_M", "Q8_0", "Q4_0", "Q6_K", "Q5_K_M", "F16", "BF16"};
constexpr std::array<std::string_view, 4> usual_projectors = {"F16", "Q8_0", "BF16", "F32"};
constexpr std::array<std::string_view, 10> companions = {"config.json",
                                                         "generation_config.json",
                                                         "tokenizer.json",
                                                         "tokenizer_config.json",
                                                         "chat_template.jinja",
                                                         "chat_template.json",
                                                         "preprocessor_config.json",
                                                         "processor_config.json",
                                                         "README.md",
                                                         "LICENSE"};

using Paths = std::vector<std::string>;

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

bool is_gguf(std::string_view path) {
  return upper(path).ends_with(".GGUF");
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string listed(const Paths& paths) {
  constexpr size_t most = 24;
  std::string out;
  for (size_t i = 0; i < paths.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + paths[i];
  return paths.size() > most ? fmt::format("{}, … ({} in all)", out, paths.size()) : out;
}

template <typename Keep>
Paths filtered(std::span<const std::string> paths, Keep keep) {
  Paths out;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(out), keep);
  return out;
}

/// "12" of "-00012-of-00034.safetensors" and "34"; nothing for another name.
struct ShardNumber {
  std::string_view stem, of;
};
std::optional<ShardNumber> shard_number(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || dot < 15) return std::nullopt;
  const std::string_view tail = path.substr(dot - 15, 15);  // "-00012-of-00034"
  const auto digits = [&](size_t at) {
    return std::all_of(tail.begin() + static_cast<std::ptrdiff_t>(at),
                       tail.begin() + static_cast<std::ptrdiff_t>(at) + 5,
                       [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  if (tail[0] != '-' || !digits(1) || tail.substr(6, 4) != "-of-" || !digits(10)) return std::nullopt;
  return ShardNumber{path.substr(0, dot - 15), tail.substr(10)};
}

[[noreturn]] void fail(const HubReference& reference, const std::string& message) {
  throw HubError(fmt::format("{}: {}", reference.text(), message));
}

/// The files that a name or a quant stands for.
Paths matching(const Paths& models, std::string_view part) {
  Paths exact = filtered(models, [&](const std::string& path) { return path == part; });
  if (exact.empty()) exact = filtered(models, [&](const std::string& path) { return name_of(path) == part; });
  if (!exact.empty() || is_gguf(part)) return exact;
  return filtered(models, [&](const std::string& path) { return is_of_quant(path, part); });
}

std::string choose_model(const Paths& models, const HubReference& reference) {
  Paths fitting = models;
  if (!reference.part.empty()) {
    fitting = matching(models, reference.part);
    if (fitting.empty()) {
      fail(reference, fmt::format("no GGUF file is or is of '{}'; there are: {}", reference.part, listed(models)));
    }
  } else if (models.size() > 1) {
    for (const std::string_view quant : usual_quants) {
      const Paths whole =
          filtered(models, [&](const auto& path) { return is_of_quant(path, quant) && !is_shard(path); });
      if (whole.empty()) continue;
      fitting = whole;
      break;
    }
  }
  if (is_shard(fitting.front())) {
    fail(reference, fmt::format("'{}' is one of several files of one model, which this version does not read; choose a "
                                "model in one file or merge them with llama-gguf-split --merge",
                                fitting.front()));
  }
  if (fitting.size() > 1) fail(reference, "more than one file fits, name one: " + listed(fitting));
  return fitting.front();
}

void add_companions(std::span<const std::string> paths, HubChoice& choice, bool documents_only) {
  for (const std::string_view name : companions) {
    const bool document = name == "README.md" || name == "LICENSE";
    if (documents_only && !document) continue;
    if (std::find(paths.begin(), paths.end(), name) != paths.end()) choice.files.emplace_back(name);
  }
}

/// The weights of a folder: model.safetensors, or all of its shards and their index.
Paths weight_files(std::span<const std::string> paths, const HubReference& reference) {
  const auto has = [&](std::string_view name) { return std::find(paths.begin(), paths.end(), name) != paths.end(); };
  if (has("model.safetensors")) return {"model.safetensors"};
  Paths shards = filtered(paths, [](const std::string& path) {
    const auto number = shard_number(path);
    return number && number->stem == "model" && path.ends_with(".safetensors");
  });
  if (shards.empty() || !has("model.safetensors.index.json")) {
    const Paths others = filtered(paths, [](const std::string& path) {
      return path.ends_with(".bin") || path.ends_with(".pth") || path.ends_with(".pt");
    });
    fail(reference, others.empty() ? "no weights are here: expected a .gguf file or model.safetensors"
                                   : fmt::format("the weights are pickled ({}): only GGUF and safetensors are read",
                                                 listed(others)));
  }
  std::sort(shards.begin(), shards.end());
  const std::string_view count = shard_number(shards.front())->of;
  const size_t expected = std::stoul(std::string(count));
  if (shards.size() != expected) {
    fail(reference, fmt::format("{} of {} shards of the weights are here", shards.size(), expected));
  }
  shards.emplace_back("model.safetensors.index.json");
  return shards;
}

}  // namespace

bool is_of_quant(std::string_view path, std::string_view quant) {
  const std::string where = upper(path), what = upper(quant);
  const auto is_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (size_t at = where.find(what); at != std::string::npos; at = where.find(what, at + 1)) {
    const size_t end = at + what.size();
    const bool begins = at == 0 || !is_name(where[at - 1]);
    const bool ends = end >= where.size() || (!is_name(where[end]) && where[end] != '_');
    if (begins && ends) return true;
  }
  return false;
}

bool is_projector(std::string_view path) {
  return upper(name_of(path)).find("MMPROJ") != std::string::npos;
}

bool is_shard(std::string_view path) {
  return shard_number(path).has_value();
}

HubChoice choose_files(std::span<const std::string> paths, const HubReference& reference) {
  const Paths ggufs = filtered(paths, is_gguf);
  const Paths models = filtered(ggufs, [](const std::string& path) { return !is_projector(path); });
  HubChoice choice;
  if (is_gguf(reference.part) && is_projector(reference.part)) {
    choice.model = choose_model(ggufs, reference);
    choice.files = {choice.model};
  } else if (!models.empty()) {
    choice.model = choose_model(models, reference);
    choice.files = {choice.model};
    const Paths projectors = filtered(ggufs, is_projector);
    for (const std::string_view quant : usual_projectors) {
      const auto found = std::find_if(projectors.begin(), projectors.end(),
                                      [&](const std::string& path) { return is_of_quant(path, quant); });
      if (found == projectors.end()) continue;
      choice.files.push_back(*found);
      break;
    }
  } else {
    if (!reference.part.empty()) {
      fail(reference,
           fmt::format("there is no GGUF file for '{}'; leave it out to take the whole model", reference.part));
    }
    choice.files = weight_files(paths, reference);
    if (std::find(paths.begin(), paths.end(), "config.json") == paths.end()) fail(reference, "config.json is missing");
  }
  add_companions(paths, choice, !choice.model.empty());
  return choice;
}

}  // namespace deskhand
