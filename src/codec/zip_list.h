// The packed forms of Redis before 7: ziplist and zipmap, read into the pack that took their place.
//
//   ziplist: | total bytes u32 | offset of the last element u32 | elements u16 | element ... | 0xFF |
//   element: | size of the former: u8, or 254 and u32 | encoding | payload |
//   zipmap:  | pairs u8 | key size | key | value size | unused bytes u8 | value | unused | ... | 0xFF |
//            sizes: u8, or 254 and u32
//
// Every size, back reference and count is checked.
// Threads: any. Owns: nothing.
#pragma once

#include <string_view>

#include "base/status.h"
#include "ds/list_pack.h"

namespace tusk::codec {

base::Result<ds::ListPack> PackFromZipList(std::string_view bytes);
// field, value, field, value, ...
base::Result<ds::ListPack> PackFromZipMap(std::string_view bytes);

}  // namespace tusk::codec
