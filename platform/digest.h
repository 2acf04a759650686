#pragma once
// SHA-256 and SHA-1 of bytes that come in pieces.
//
//   Digest digest(Digest::Kind::sha256);
//   digest.add(bytes);
//   digest.hex();                     // "e3b0c442…", 64 lower-case digits

#include <memory>
#include <string>
#include <string_view>

namespace deskhand {

class Digest {
 public:
  enum class Kind { sha256, sha1 };

  explicit Digest(Kind kind);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void add(std::string_view bytes);
  /// Ends the digest: call it once.
  std::string hex();

 private:
  struct Deleter {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Deleter> context_;
};

}  // namespace deskhand
