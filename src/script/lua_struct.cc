// `struct`: binary records for scripts, to the formats and error texts of the library that Redis carries.
//
//   >  big endian   <  little endian   !N  align to N (a power of two)   blank  ignored   x  a zero byte
//   b/B char  h/H short  i/I int (iN: N bytes)  l/L long  T size_t  f float  d double
//   s  zero-terminated string   cN  N bytes (c0: when packing all, when unpacking as many as the number before says)
#include <bit>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "script/lua_host.h"
#include "script/lua_libs.h"

namespace tusk::script {
namespace {

constexpr int kIntegerBytesMax = 32;
constexpr int kAlignmentDefault = 8;  // "!" without a number: the platform's largest.

class Format {
 public:
  Format(lua_State* lua, const char* text) noexcept : lua_(lua), at_(text) {}

  bool done() const noexcept { return *at_ == '\0'; }
  bool little_endian() const noexcept { return little_endian_; }

  // Takes the next option and its size in bytes (0: not fixed, or none).
  char Next(size_t& size) {
    const char option = *at_++;
    size = SizeOf(option);
    return option;
  }

  size_t Padding(size_t position, char option, size_t size) const noexcept {
    if (size == 0 || option == 'c') return 0;
    if (size > alignment_) size = alignment_;
    return (size - (position & (size - 1))) & (size - 1);
  }

  // An option that stands for no value.
  void Control(char option) {
    switch (option) {
      case ' ': return;
      case '>': little_endian_ = false; return;
      case '<': little_endian_ = true; return;
      case '!': {
        const int alignment = Number(kAlignmentDefault);
        if (alignment <= 0 || !std::has_single_bit(static_cast<unsigned>(alignment))) {
          luaL_error(lua_, "alignment %d is not a power of 2", alignment);
        }
        alignment_ = static_cast<size_t>(alignment);
        return;
      }
      default: luaL_argerror(lua_, 1, lua_pushfstring(lua_, "invalid format option '%c'", option));
    }
  }

 private:
  size_t SizeOf(char option) {
    switch (option) {
      case 'b':
      case 'B':
      case 'x': return 1;
      case 'h':
      case 'H': return sizeof(short);
      case 'l':
      case 'L': return sizeof(long);
      case 'T': return sizeof(size_t);
      case 'f': return sizeof(float);
      case 'd': return sizeof(double);
      case 'c': return static_cast<size_t>(Number(1));
      case 'i':
      case 'I': {
        const int size = Number(sizeof(int));
        if (size > kIntegerBytesMax) {
          luaL_error(lua_, "integral size %d is larger than limit of %d", size, kIntegerBytesMax);
        }
        return static_cast<size_t>(size);
      }
      default: return 0;
    }
  }

  int Number(int fallback) {
    if (!std::isdigit(static_cast<unsigned char>(*at_))) return fallback;
    int value = 0;
    for (; std::isdigit(static_cast<unsigned char>(*at_)); ++at_) {
      const int digit = *at_ - '0';
      if (value > (std::numeric_limits<int>::max() - digit) / 10) luaL_error(lua_, "integral size overflow");
      value = value * 10 + digit;
    }
    return value;
  }

  lua_State* lua_;
  const char* at_;
  bool little_endian_ = std::endian::native == std::endian::little;
  size_t alignment_ = 1;
};

// As x86 converts; beyond what fits there is nothing sensible to store.
uint64_t IntegerBits(lua_Number number) noexcept {
  if (number < 0) {
    return number < -9223372036854775808.0 ? uint64_t{1} << 63
                                           : static_cast<uint64_t>(static_cast<int64_t>(number));
  }
  return number < 18446744073709551616.0 ? static_cast<uint64_t>(number) : 0;
}

void PutInteger(std::string& out, uint64_t bits, bool little_endian, size_t size) {
  char bytes[kIntegerBytesMax] = {};
  for (size_t i = 0; i < size && i < sizeof(bits); ++i) {
    bytes[little_endian ? i : size - 1 - i] = static_cast<char>(bits >> (8 * i));
  }
  out.append(bytes, size);
}

lua_Number TakeInteger(const char* from, bool little_endian, bool is_signed, size_t size) noexcept {
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) {
    bits = bits << 8 | static_cast<unsigned char>(from[little_endian ? size - 1 - i : i]);
  }
  if (!is_signed) return static_cast<lua_Number>(bits);
  if (size > 0 && size < sizeof(bits) && (bits >> (size * 8 - 1)) != 0) bits |= ~uint64_t{0} << (size * 8);
  return static_cast<lua_Number>(static_cast<int64_t>(bits));
}

void PutBits(std::string& out, uint64_t bits, bool little_endian, size_t size) {
  PutInteger(out, bits, little_endian, size);
}

uint64_t TakeBits(const char* from, bool little_endian, size_t size) noexcept {
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) {
    bits = bits << 8 | static_cast<unsigned char>(from[little_endian ? size - 1 - i : i]);
  }
  return bits;
}

// Appends a string option's bytes and returns how many it took.
size_t PackText(lua_State* lua, std::string& out, char option, size_t size, int argument) {
  size_t given = 0;
  const char* text = luaL_checklstring(lua, argument, &given);
  if (size == 0) size = given;
  luaL_argcheck(lua, given >= size, argument + 1, "string too short");
  out.append(text, size);
  if (option != 's') return size;
  out.push_back('\0');
  return size + 1;
}

int Pack(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  lua_pushnil(lua);  // A missing argument reads as nil.
  std::string& out = HostOf(lua).scratch;
  out.clear();
  int argument = 2;
  while (!format.done()) {
    size_t size = 0;
    const char option = format.Next(size);
    out.append(format.Padding(out.size(), option, size), '\0');
    switch (option) {
      case 'b': case 'B': case 'h': case 'H': case 'l': case 'L': case 'T': case 'i': case 'I':
        PutInteger(out, IntegerBits(luaL_checknumber(lua, argument++)), format.little_endian(), size);
        break;
      case 'x': out.push_back('\0'); break;
      case 'f': {
        const auto value = static_cast<float>(luaL_checknumber(lua, argument++));
        PutBits(out, std::bit_cast<uint32_t>(value), format.little_endian(), size);
        break;
      }
      case 'd':
        PutBits(out, std::bit_cast<uint64_t>(luaL_checknumber(lua, argument++)), format.little_endian(), size);
        break;
      case 'c':
      case 's': PackText(lua, out, option, size, argument++); break;
      default: format.Control(option);
    }
  }
  lua_pushlstring(lua, out.data(), out.size());
  return 1;
}

void CheckRoom(lua_State* lua, size_t position, size_t size, size_t total) {
  luaL_argcheck(lua, size <= total && position <= total - size, 2, "data string too short");
}

// Replaces the number on top by that many bytes, and returns how many those are.
size_t UnpackCounted(lua_State* lua, const char* data, size_t position, size_t total, int results) {
  if (results == 0 || !lua_isnumber(lua, -1)) luaL_error(lua, "format 'c0' needs a previous size");
  const lua_Number count = lua_tonumber(lua, -1);
  lua_pop(lua, 1);
  const size_t size = count >= 0 && count <= static_cast<lua_Number>(total) ? static_cast<size_t>(count) : total + 1;
  CheckRoom(lua, position, size, total);
  lua_pushlstring(lua, data + position, size);
  return size;
}

size_t UnpackTerminated(lua_State* lua, const char* data, size_t position, size_t total) {
  const void* end = std::memchr(data + position, '\0', total - position);
  if (end == nullptr) luaL_error(lua, "unfinished string in data");
  const auto size = static_cast<size_t>(static_cast<const char*>(end) - (data + position));
  lua_pushlstring(lua, data + position, size);
  return size + 1;
}

int Unpack(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  size_t total = 0;
  const char* data = luaL_checklstring(lua, 2, &total);
  auto position = static_cast<size_t>(luaL_optinteger(lua, 3, 1));
  luaL_argcheck(lua, position > 0, 3, "offset must be 1 or greater");
  --position;
  lua_settop(lua, 2);
  int results = 0;
  while (!format.done()) {
    size_t size = 0;
    const char option = format.Next(size);
    position += format.Padding(position, option, size);
    CheckRoom(lua, position, size, total);
    luaL_checkstack(lua, 2, "too many results");
    const bool little = format.little_endian();
    switch (option) {
      case 'b': case 'B': case 'h': case 'H': case 'l': case 'L': case 'T': case 'i': case 'I':
        lua_pushnumber(lua, TakeInteger(data + position, little, option >= 'a', size));
        ++results;
        break;
      case 'x': break;
      case 'f':
        lua_pushnumber(lua, std::bit_cast<float>(static_cast<uint32_t>(TakeBits(data + position, little, size))));
        ++results;
        break;
      case 'd':
        lua_pushnumber(lua, std::bit_cast<double>(TakeBits(data + position, little, size)));
        ++results;
        break;
      case 'c':
        if (size == 0) {
          size = UnpackCounted(lua, data, position, total, results);  // In place of its count.
        } else {
          lua_pushlstring(lua, data + position, size);
          ++results;
        }
        break;
      case 's':
        size = UnpackTerminated(lua, data, position, total);
        ++results;
        break;
      default: format.Control(option);
    }
    position += size;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(position + 1));
  return results + 1;
}

int Size(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  size_t total = 0;
  while (!format.done()) {
    size_t size = 0;
    const char option = format.Next(size);
    total += format.Padding(total, option, size);
    if (option == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (option == 'c' && size == 0) luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    if (!std::isalnum(static_cast<unsigned char>(option))) format.Control(option);
    total += size;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(total));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"pack", Pack}, {"unpack", Unpack}, {"size", Size}, {nullptr, nullptr}};

}  // namespace

int OpenStruct(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kFunctions);
  return 1;
}

}  // namespace tusk::script
