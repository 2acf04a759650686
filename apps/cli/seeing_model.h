#pragma once
// A model with its eyes, for commands that take pictures.
//
//   SeeingModel model = open_seeing_model(options, context);
//   if (!model.eyes) throw no_eyes(*model.engine, "-i");
//
// Eyes are the file that --mmproj names ("none": no eyes), else the one mmproj*.gguf beside the model, else those of
// the directory. What they weigh and what a screen of 3840×2160 takes while it is encoded is counted with the model
// before anything is loaded: NotEnoughMemory.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/model_options.h"
#include "vision/eyes_file.h"
#include "vision/multimodal.h"

namespace deskhand {

/// Sessions, and prompts made by the eyes, must end before it.
struct SeeingModel {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Backend> backend{};  ///< of the eyes
  std::unique_ptr<Multimodal> eyes{};  ///< null: the model has none
};

enum class Sight {
  needed,    ///< eyes that are another's are an error
  optional,  ///< they are left out, with a warning
};
SeeingModel open_seeing_model(const ModelOptions& options, CommandContext& context, Sight sight = Sight::needed);

/// Where the eyes of a model may be; empty for none. Throws UsageError when there are several.
std::filesystem::path find_eyes(const std::filesystem::path& model, const std::string& named);

/// Throws NotEnoughMemory when model, eyes and context do not fit together. The context that does; 0: what the model
/// has.
int64_t check_memory(const std::filesystem::path& model, const EyesFile& eyes, const EngineOptions& settings);

/// The eyes of a model. Those that merely lie beside it may be another's.
struct FoundEyes {
  std::optional<EyesFile> file{};
  std::string foreign{};  ///< what says so, instead of a file
};
/// Throws ModelFileError where eyes that are named, or `needed`, are another's.
FoundEyes eyes_of(const ModelInfo& model, const std::string& named, bool needed);

/// The error of a command that was given pictures for a model that cannot see them.
UsageError no_eyes(const ModelInfo& model, std::string_view option);

/// Throws ImageError, naming the file, for one that cannot be read or that these eyes cannot see.
std::vector<std::shared_ptr<const Image>> read_images(const std::vector<std::string>& paths, const ImageEncoder& eyes);

}  // namespace deskhand
