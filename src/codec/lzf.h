// LZF, the compression inside RDB files.
// Threads: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

namespace tusk::codec {

// False when it would not get smaller by at least `gain_min` bytes; `out` is scratch then.
bool LzfCompress(std::string_view bytes, size_t gain_min, std::string& out);
// False unless `bytes` decompress to exactly `size` bytes, which go to `out`.
bool LzfDecompress(std::string_view bytes, size_t size, char* out) noexcept;

}  // namespace tusk::codec
