#pragma once
// Host memory on a cache-line boundary.
//
//   AlignedBytes bytes(4096);        // zero-filled, 64-byte aligned; bytes.as<float>()[7] = 1;

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace deskhand {

class AlignedBytes {
 public:
  static constexpr std::align_val_t alignment{64};

  AlignedBytes() = default;
  explicit AlignedBytes(size_t size) : memory_(static_cast<std::byte*>(::operator new(size, alignment))), size_(size) {
    std::memset(memory_.get(), 0, size);
  }

  std::byte* data() const { return memory_.get(); }
  size_t size() const { return size_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  size_t size_ = 0;
};

}  // namespace deskhand
