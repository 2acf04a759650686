#include "apps/cli/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ios>
#include <new>
#include <system_error>

#include "agent/policy.h"
#include "agent/trace.h"
#include "apps/cli/command.h"
#include "apps/cli/printable.h"
#include "core/disk.h"
#include "core/engine.h"
#include "core/hub/reference.h"
#include "platform/desktop.h"
#include "platform/http.h"
#include "vision/image_io.h"

namespace deskhand {

Failure current_failure() {
  try {
    throw;
  } catch (const UsageError& error) {
    return {error.what(), ExitStatus::usage};
  } catch (const HubReferenceError& error) {
    return {error.what(), ExitStatus::usage};
  } catch (const HubError& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const ModelFileError& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const ImageError& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const FileError& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const PolicyError& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const TraceError& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const DesktopError& error) {
    return {error.what(), ExitStatus::no_display};
  } catch (const LoadStopped&) {
    return {"stopped", ExitStatus::interrupted};
  } catch (const HttpStopped&) {
    return {"stopped", ExitStatus::interrupted};
  } catch (const Interrupted&) {
    return {"stopped", ExitStatus::interrupted};
  } catch (const ContextFull& error) {
    return {error.what(), ExitStatus::limit};
  } catch (const NotEnoughMemory& error) {
    return {error.what(), ExitStatus::limit};
  } catch (const NotEnoughDisk& error) {
    return {error.what(), ExitStatus::limit};
  } catch (const LimitReached& error) {
    return {error.what(), ExitStatus::limit};
  } catch (const std::bad_alloc&) {
    return {"out of memory", ExitStatus::limit};
  } catch (const TemplateError& error) {
    return {error.what(), ExitStatus::failed};
  } catch (const std::filesystem::filesystem_error& error) {
    // Its own text is the C++ library's.
    return {fmt::format("{}: {}", error.path1().string(), error.code().message()), ExitStatus::unreadable};
  } catch (const std::ios_base::failure& error) {
    return {fmt::format("a file cannot be read or written: {}", error.code().message()), ExitStatus::unreadable};
  } catch (const std::system_error& error) {
    return {error.what(), ExitStatus::unreadable};
  } catch (const std::exception& error) {
    return {error.what(), ExitStatus::failed};
  }
}

void print_failure(std::ostream& err, std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  err << "deskhand: " << printable(line) << "\n" << std::flush;
}

}  // namespace deskhand
