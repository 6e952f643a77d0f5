// SHA-1 digests as scripts are named by: forty lower-case hexadecimal digits.
// Threads: caller-synchronised. Owns: OpenSSL's context; keeping it avoids a provider lookup per digest.
#pragma once

#include <array>
#include <memory>
#include <string_view>

struct evp_md_ctx_st;
struct evp_md_st;

namespace tusk::script {

inline constexpr size_t kSha1HexBytes = 40;
using Sha1Hex = std::array<char, kSha1HexBytes>;

inline std::string_view AsView(const Sha1Hex& hex) noexcept { return {hex.data(), hex.size()}; }

class Sha1 {
 public:
  Sha1();
  ~Sha1();
  Sha1(Sha1&&) noexcept = default;
  Sha1& operator=(Sha1&&) noexcept = default;

  Sha1Hex Hex(std::string_view bytes) noexcept;

 private:
  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  struct FreeDigest {
    void operator()(evp_md_st* digest) const noexcept;
  };
  std::unique_ptr<evp_md_st, FreeDigest> digest_;
  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
};

}  // namespace tusk::script
