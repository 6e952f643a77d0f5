#include "script/sha1.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace tusk::script {

void Sha1::FreeContext::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }
void Sha1::FreeDigest::operator()(evp_md_st* digest) const noexcept { EVP_MD_free(digest); }

Sha1::Sha1() : digest_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {
  CHECK(digest_ && context_);
}
Sha1::~Sha1() = default;

Sha1Hex Sha1::Hex(std::string_view bytes) noexcept {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(EVP_DigestInit_ex2(context_.get(), digest_.get(), nullptr) == 1);
  CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  CHECK(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
  CHECK(size * 2 == kSha1HexBytes);

  constexpr char kDigits[] = "0123456789abcdef";
  Sha1Hex hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex[2 * i] = kDigits[digest[i] >> 4];
    hex[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace tusk::script
