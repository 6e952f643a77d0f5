// `cmsgpack`: MessagePack for scripts, to the interface and error texts of the library that Redis carries.
// Not supported, as there: bin and ext types. Tables nested deeper than kPackDepthMax are packed as nil.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "script/lua_host.h"
#include "script/lua_libs.h"

namespace tusk::script {
namespace {

constexpr int kPackDepthMax = 16;

// --- Packing, into host.scratch. ------------------------------------------------------------------------------------

template <typename Int>
void PutBigEndian(std::string& out, uint8_t tag, Int value) {
  char bytes[1 + sizeof(Int)];
  bytes[0] = static_cast<char>(tag);
  for (size_t i = 0; i < sizeof(Int); ++i) {
    bytes[1 + i] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * (sizeof(Int) - 1 - i)));
  }
  out.append(bytes, sizeof(bytes));
}

void PackInteger(std::string& out, int64_t value) {
  if (value >= 0) {
    if (value <= 127) return out.push_back(static_cast<char>(value));
    if (value <= 0xff) return PutBigEndian(out, 0xcc, static_cast<uint8_t>(value));
    if (value <= 0xffff) return PutBigEndian(out, 0xcd, static_cast<uint16_t>(value));
    if (value <= 0xffffffffLL) return PutBigEndian(out, 0xce, static_cast<uint32_t>(value));
    return PutBigEndian(out, 0xcf, value);
  }
  if (value >= -32) return out.push_back(static_cast<char>(value));
  if (value >= -128) return PutBigEndian(out, 0xd0, static_cast<int8_t>(value));
  if (value >= -32768) return PutBigEndian(out, 0xd1, static_cast<int16_t>(value));
  if (value >= -2147483648LL) return PutBigEndian(out, 0xd2, static_cast<int32_t>(value));
  PutBigEndian(out, 0xd3, value);
}

void PackNumber(std::string& out, lua_Number number) {
  constexpr lua_Number kInt64Limit = 9223372036854775808.0;
  if (number >= -kInt64Limit && number < kInt64Limit && std::trunc(number) == number) {
    return PackInteger(out, static_cast<int64_t>(number));
  }
  const auto narrow = static_cast<float>(number);
  if (static_cast<double>(narrow) == number) {
    PutBigEndian(out, 0xca, std::bit_cast<uint32_t>(narrow));
  } else {
    PutBigEndian(out, 0xcb, std::bit_cast<uint64_t>(number));
  }
}

void PackString(std::string& out, std::string_view text) {
  if (text.size() < 32) {
    out.push_back(static_cast<char>(0xa0 | text.size()));
  } else if (text.size() <= 0xff) {
    PutBigEndian(out, 0xd9, static_cast<uint8_t>(text.size()));
  } else if (text.size() <= 0xffff) {
    PutBigEndian(out, 0xda, static_cast<uint16_t>(text.size()));
  } else {
    PutBigEndian(out, 0xdb, static_cast<uint32_t>(text.size()));
  }
  out.append(text);
}

void PackCount(std::string& out, uint8_t short_tag, uint8_t tag16, size_t count) {
  if (count <= 15) {
    out.push_back(static_cast<char>(short_tag | count));
  } else if (count <= 0xffff) {
    PutBigEndian(out, tag16, static_cast<uint16_t>(count));
  } else {
    PutBigEndian(out, tag16 + 1, static_cast<uint32_t>(count));
  }
}

// Pairs of the top table; `is_array` when the keys are exactly 1 ... count.
size_t CountPairs(lua_State* lua, bool& is_array) {
  size_t count = 0;
  lua_Number key_max = 0;
  is_array = true;
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    lua_pop(lua, 1);
    ++count;
    if (!is_array) continue;
    const lua_Number key = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
    if (key < 1 || std::trunc(key) != key) {
      is_array = false;
    } else if (key > key_max) {
      key_max = key;
    }
  }
  is_array = is_array && key_max == static_cast<lua_Number>(count);
  return count;
}

void PackValue(lua_State* lua, std::string& out, int depth);

void PackTable(lua_State* lua, std::string& out, int depth) {
  luaL_checkstack(lua, 4, "in function PackTable");
  bool is_array = false;
  const size_t count = CountPairs(lua, is_array);
  if (is_array) {
    PackCount(out, 0x90, 0xdc, count);
    for (size_t i = 1; i <= count; ++i) {
      lua_rawgeti(lua, -1, static_cast<int>(i));
      PackValue(lua, out, depth + 1);
    }
    return;
  }
  PackCount(out, 0x80, 0xde, count);
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    lua_pushvalue(lua, -2);
    PackValue(lua, out, depth + 1);
    PackValue(lua, out, depth + 1);
  }
}

// Packs and pops the top value.
void PackValue(lua_State* lua, std::string& out, int depth) {
  switch (lua_type(lua, -1)) {
    case LUA_TSTRING: {
      size_t size = 0;
      const char* text = lua_tolstring(lua, -1, &size);
      PackString(out, {text, size});
      break;
    }
    case LUA_TBOOLEAN: out.push_back(static_cast<char>(lua_toboolean(lua, -1) ? 0xc3 : 0xc2)); break;
    case LUA_TNUMBER: PackNumber(out, lua_tonumber(lua, -1)); break;
    case LUA_TTABLE:
      if (depth < kPackDepthMax) {
        PackTable(lua, out, depth);
      } else {
        out.push_back(static_cast<char>(0xc0));
      }
      break;
    default: out.push_back(static_cast<char>(0xc0));
  }
  lua_pop(lua, 1);
}

int Pack(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  luaL_checkstack(lua, 1, "Too many arguments for MessagePack pack.");
  std::string& out = HostOf(lua).scratch;
  out.clear();
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(lua, i);
    PackValue(lua, out, 0);
  }
  lua_pushlstring(lua, out.data(), out.size());
  return 1;
}

// --- Unpacking. -----------------------------------------------------------------------------------------------------

struct Input {
  const unsigned char* at;
  size_t left;
};

const unsigned char* Take(lua_State* lua, Input& input, size_t bytes) {
  if (input.left < bytes) luaL_error(lua, "Missing bytes in input.");
  const unsigned char* taken = input.at;
  input.at += bytes;
  input.left -= bytes;
  return taken;
}

uint64_t TakeUnsigned(lua_State* lua, Input& input, size_t bytes) {
  const unsigned char* from = Take(lua, input, bytes);
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | from[i];
  return value;
}

void UnpackValue(lua_State* lua, Input& input);

void UnpackString(lua_State* lua, Input& input, size_t bytes) {
  const unsigned char* text = Take(lua, input, bytes);
  lua_pushlstring(lua, reinterpret_cast<const char*>(text), bytes);  // Bytes are bytes.
}

void UnpackArray(lua_State* lua, Input& input, size_t count) {
  lua_newtable(lua);  // Not sized by the count, which is only a claim.
  luaL_checkstack(lua, 2, "in function mp_decode_to_lua_array");
  for (size_t i = 1; i <= count; ++i) {
    lua_pushnumber(lua, static_cast<lua_Number>(i));
    UnpackValue(lua, input);
    lua_rawset(lua, -3);
  }
}

void UnpackMap(lua_State* lua, Input& input, size_t pairs) {
  lua_newtable(lua);
  luaL_checkstack(lua, 2, "in function mp_decode_to_lua_hash");
  for (size_t i = 0; i < pairs; ++i) {
    UnpackValue(lua, input);
    UnpackValue(lua, input);
    lua_rawset(lua, -3);
  }
}

template <typename Signed>
void UnpackSigned(lua_State* lua, Input& input) {
  lua_pushnumber(lua, static_cast<lua_Number>(static_cast<Signed>(TakeUnsigned(lua, input, sizeof(Signed)))));
}

void UnpackTagged(lua_State* lua, Input& input, unsigned tag) {
  switch (tag) {
    case 0xc0: return lua_pushnil(lua);
    case 0xc2: return lua_pushboolean(lua, false);
    case 0xc3: return lua_pushboolean(lua, true);
    case 0xca:
      return lua_pushnumber(lua, std::bit_cast<float>(static_cast<uint32_t>(TakeUnsigned(lua, input, 4))));
    case 0xcb: return lua_pushnumber(lua, std::bit_cast<double>(TakeUnsigned(lua, input, 8)));
    case 0xcc:
    case 0xcd:
    case 0xce:
      return lua_pushnumber(lua, static_cast<lua_Number>(TakeUnsigned(lua, input, size_t{1} << (tag - 0xcc))));
    case 0xcf: return UnpackSigned<int64_t>(lua, input);  // Wraps beyond 2^63, as Redis' library.
    case 0xd0: return UnpackSigned<int8_t>(lua, input);
    case 0xd1: return UnpackSigned<int16_t>(lua, input);
    case 0xd2: return UnpackSigned<int32_t>(lua, input);
    case 0xd3: return UnpackSigned<int64_t>(lua, input);
    case 0xd9: return UnpackString(lua, input, TakeUnsigned(lua, input, 1));
    case 0xda: return UnpackString(lua, input, TakeUnsigned(lua, input, 2));
    case 0xdb: return UnpackString(lua, input, TakeUnsigned(lua, input, 4));
    case 0xdc: return UnpackArray(lua, input, TakeUnsigned(lua, input, 2));
    case 0xdd: return UnpackArray(lua, input, TakeUnsigned(lua, input, 4));
    case 0xde: return UnpackMap(lua, input, TakeUnsigned(lua, input, 2));
    case 0xdf: return UnpackMap(lua, input, TakeUnsigned(lua, input, 4));
    default: luaL_error(lua, "Bad data format in input.");
  }
}

// Takes one value off the input and pushes it.
void UnpackValue(lua_State* lua, Input& input) {
  luaL_checkstack(lua, 2, "too many return values at once; use unpack_one or unpack_limit instead.");
  const unsigned tag = *Take(lua, input, 1);
  if (tag <= 0x7f) return lua_pushnumber(lua, tag);
  if (tag >= 0xe0) return lua_pushnumber(lua, static_cast<int>(tag) - 256);
  if ((tag & 0xf0) == 0x80) return UnpackMap(lua, input, tag & 0x0f);
  if ((tag & 0xf0) == 0x90) return UnpackArray(lua, input, tag & 0x0f);
  if ((tag & 0xe0) == 0xa0) return UnpackString(lua, input, tag & 0x1f);
  UnpackTagged(lua, input, tag);
}

// Without limit and offset all values are returned, otherwise the offset to go on at (-1: at the end) and the values.
int UnpackFrom(lua_State* lua, int limit, int offset) {
  size_t size = 0;
  const char* text = luaL_checklstring(lua, 1, &size);
  if (offset < 0 || limit < 0) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.", offset,
                      static_cast<int>(size));
  }
  if (static_cast<size_t>(offset) > size) {
    return luaL_error(lua, "Start offset %d greater than input length %d.", offset, static_cast<int>(size));
  }
  const bool all = limit == 0 && offset == 0;
  if (all) limit = std::numeric_limits<int>::max();

  Input input{reinterpret_cast<const unsigned char*>(text) + offset, size - static_cast<size_t>(offset)};
  int count = 0;
  lua_settop(lua, 1);
  if (!all) lua_pushnil(lua);  // The offset's place.
  for (; input.left > 0 && count < limit; ++count) UnpackValue(lua, input);
  if (all) return count;
  lua_pushinteger(lua, input.left == 0 ? -1 : static_cast<lua_Integer>(size - input.left));
  lua_replace(lua, 2);
  return count + 1;
}

int Unpack(lua_State* lua) { return UnpackFrom(lua, 0, 0); }
int UnpackOne(lua_State* lua) { return UnpackFrom(lua, 1, static_cast<int>(luaL_optinteger(lua, 2, 0))); }
int UnpackLimit(lua_State* lua) {
  const auto limit = static_cast<int>(luaL_checkinteger(lua, 2));
  return UnpackFrom(lua, limit, static_cast<int>(luaL_optinteger(lua, 3, 0)));
}

constexpr luaL_Reg kFunctions[] = {{"pack", Pack},
                                   {"unpack", Unpack},
                                   {"unpack_one", UnpackOne},
                                   {"unpack_limit", UnpackLimit},
                                   {nullptr, nullptr}};

}  // namespace

int OpenCmsgpack(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kFunctions);
  // Scripts may ask which library they talk to; these are the values that they know.
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
  lua_setfield(lua, -2, "_VERSION");
  lua_pushliteral(lua, "MessagePack C implementation for Lua");
  lua_setfield(lua, -2, "_DESCRIPTION");
  return 1;
}

}  // namespace tusk::script
