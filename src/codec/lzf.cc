#include "codec/lzf.h"

#include <liblzf/lzf.h>

#include <climits>

namespace tusk::codec {

bool LzfCompress(std::string_view bytes, size_t gain_min, std::string& out) {
  if (bytes.size() <= gain_min || bytes.size() > UINT_MAX) return false;
  size_t room = bytes.size() - gain_min;
  out.resize(room);
  unsigned size = lzf_compress(bytes.data(), static_cast<unsigned>(bytes.size()), out.data(), static_cast<unsigned>(room));
  out.resize(size);
  return size != 0;
}

bool LzfDecompress(std::string_view bytes, size_t size, char* out) noexcept {
  if (bytes.size() > UINT_MAX || size > UINT_MAX || size == 0) return false;
  return lzf_decompress(bytes.data(), static_cast<unsigned>(bytes.size()), out, static_cast<unsigned>(size)) == size;
}

}  // namespace tusk::codec
