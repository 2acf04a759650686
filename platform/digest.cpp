#include "platform/digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace deskhand {
namespace {

EVP_MD_CTX* raw(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

void check(int ok) {
  if (ok != 1) throw std::runtime_error("the digest could not be computed: OpenSSL refused");
}

}  // namespace

void Digest::Deleter::operator()(void* context) const {
  EVP_MD_CTX_free(raw(context));
}

Digest::Digest(Kind kind) : context_(EVP_MD_CTX_new()) {
  check(EVP_DigestInit_ex(raw(context_.get()), kind == Kind::sha256 ? EVP_sha256() : EVP_sha1(), nullptr));
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::add(std::string_view bytes) {
  check(EVP_DigestUpdate(raw(context_.get()), bytes.data(), bytes.size()));
}

std::string Digest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  check(EVP_DigestFinal_ex(raw(context_.get()), bytes.data(), &length));
  std::string out;
  for (unsigned i = 0; i < length; ++i) out += fmt::format("{:02x}", bytes[i]);
  return out;
}

}  // namespace deskhand
