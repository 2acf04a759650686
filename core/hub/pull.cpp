#include "core/hub/pull.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/disk.h"
#include "core/hub/selection.h"
#include "platform/url.h"

namespace deskhand {
namespace {

/// Trouble of the network is trouble with the hub.
template <typename Work>
auto as_hub_errors(Work work) {
  try {
    return work();
  } catch (const HttpError& error) {
    throw HubError(error.what());
  } catch (const UrlError& error) {
    throw HubError(error.what());
  }
}

}  // namespace

PullPlan HubPull::plan(const HubReference& reference, std::stop_token stop) {
  PullPlan plan{.reference = reference};
  plan.repository = as_hub_errors([&] { return client_.repository(reference, stop); });
  std::vector<std::string> paths;
  for (const HubFile& file : plan.repository.files) paths.push_back(file.path);
  const HubChoice choice = choose_files(paths, reference);
  plan.model = choice.model;
  const HubDownload download(client_, cache_, plan.repository);
  for (const std::string& path : choice.files) {
    const auto file = std::find_if(plan.repository.files.begin(), plan.repository.files.end(),
                                   [&](const HubFile& one) { return one.path == path; });
    plan.files.push_back(*file);
    plan.bytes += file->bytes;
    if (!download.is_here(*file)) plan.missing_bytes += file->bytes - download.begun(*file);
  }
  return plan;
}

std::filesystem::path HubPull::run(const PullPlan& plan, const std::function<void(const PullProgress&)>& on_progress,
                                   std::stop_token stop) {
  const std::string& name = plan.repository.name;
  const std::string& commit = plan.repository.commit;
  expect_disk_room(cache_.folder(), plan.missing_bytes, plan.reference.text());
  HubDownload download(client_, cache_, plan.repository);
  as_hub_errors([&] {
    for (const HubFile& file : plan.files) {
      if (!download.is_here(file)) client_.check_file(plan.repository, file, stop);
    }
    uint64_t before = 0;
    for (const HubFile& file : plan.files) {
      const auto report = [&](uint64_t bytes) {
        if (on_progress) on_progress({.file = file, .file_bytes = bytes, .bytes = before + bytes});
      };
      if (!download.is_here(file)) download.run(file, report, stop);
      before += file.bytes;
      report(file.bytes);
      cache_.link(name, commit, file.path, file.hash);
    }
  });
  cache_.set_commit(name, plan.reference.revision, commit);
  return plan.model.empty() ? cache_.snapshot(name, commit) : cache_.file(name, commit, plan.model);
}

std::filesystem::path cached_model(const HubReference& reference, const HubCache& cache) {
  const auto commit = cache.commit(reference.repository, reference.revision);
  const std::vector<std::string> paths =
      commit ? cache.files(reference.repository, *commit) : std::vector<std::string>();
  std::string why = "it is not in the cache";
  if (!paths.empty()) {
    try {
      const HubChoice choice = choose_files(paths, reference);
      return choice.model.empty() ? cache.snapshot(reference.repository, *commit)
                                  : cache.file(reference.repository, *commit, choice.model);
    } catch (const HubError& error) {
      why = "in the cache " + std::string(error.what());
    }
  }
  throw HubError(fmt::format("{}: {} ({}); get it with: deskhand models pull {}", reference.text(), why,
                             cache.folder().string(), reference.text()));
}

}  // namespace deskhand
