#include "script/lua_convert.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "resp/reply_parser.h"
#include "script/lua_host.h"

namespace tusk::script {
namespace {

constexpr char kTooDeepText[] = "ERR reached lua stack limit";

// --- Reply to Lua. --------------------------------------------------------------------------------------------------

// Outside the functions that call Lua, since the parser's Result has a destructor.
bool TakeToken(std::string_view& input, resp::ReplyToken& token) {
  auto taken = resp::ReadReplyToken(input);
  if (!taken || !*taken) return false;
  token = **taken;
  return true;
}

void PushString(lua_State* lua, std::string_view text) { lua_pushlstring(lua, text.data(), text.size()); }

// {field = text}
void PushField(lua_State* lua, const char* field, std::string_view text) {
  lua_createtable(lua, 0, 1);
  lua_pushstring(lua, field);
  PushString(lua, text);
  lua_rawset(lua, -3);
}

class ReplyReader {
 public:
  ReplyReader(lua_State* lua, std::string_view input, bool error_counted) noexcept
      : lua_(lua), input_(input), error_counted_(error_counted) {}

  void PushNext() {
    if (!lua_checkstack(lua_, 6)) RaiseError(lua_, kTooDeepText);
    resp::ReplyToken token;
    CHECK(TakeToken(input_, token));
    PushToken(token);
  }

 private:
  void PushToken(const resp::ReplyToken& token) {
    using enum resp::ReplyType;
    switch (token.type) {
      case kSimple: return PushField(lua_, "ok", token.text);
      case kError: return PushErrorTable(lua_, token.text, error_counted_);
      case kInteger: return lua_pushnumber(lua_, static_cast<lua_Number>(token.integer));
      case kBulk: return PushString(lua_, token.text);
      case kNull: return PushNull();
      case kArray:
      case kPush: return PushArray(token.integer);
      case kMap: return PushMap(token.integer);
      case kSet: return PushSet(token.integer);
      case kAttribute: return SkipAttribute(token.integer);
      case kDouble: return PushDouble(token.number);
      case kBool: return lua_pushboolean(lua_, token.integer != 0);
      case kBigNumber: return PushField(lua_, "big_number", token.text);
      case kVerbatim: return PushVerbatim(token);
    }
  }

  void PushNull() {
    // RESP3's null is nil. RESP2's is false, so that it can stand in a table.
    if (HostOf(lua_).protocol >= 3) {
      lua_pushnil(lua_);
    } else {
      lua_pushboolean(lua_, false);
    }
  }

  void PushArray(int64_t count) {
    lua_createtable(lua_, static_cast<int>(count), 0);
    for (int64_t i = 1; i <= count; ++i) {
      PushNext();
      lua_rawseti(lua_, -2, static_cast<int>(i));
    }
  }

  // Leaves {name = {}} and, above it, the inner table.
  void PushNamedTable(const char* name, int64_t count) {
    lua_createtable(lua_, 0, 1);
    lua_createtable(lua_, 0, static_cast<int>(count));
    lua_pushstring(lua_, name);
    lua_pushvalue(lua_, -2);
    lua_rawset(lua_, -4);
  }

  // The key is below the value on the stack. What can't be a key (nil, NaN) is left out.
  void SetPair() {
    if (lua_isnil(lua_, -2)) {
      lua_pop(lua_, 2);
    } else {
      lua_rawset(lua_, -3);
    }
  }

  void PushMap(int64_t values) {
    PushNamedTable("map", values / 2);
    for (int64_t i = 0; i < values; i += 2) {
      PushNext();
      PushNext();
      SetPair();
    }
    lua_pop(lua_, 1);
  }

  void PushSet(int64_t count) {
    PushNamedTable("set", count);
    for (int64_t i = 0; i < count; ++i) {
      PushNext();
      lua_pushboolean(lua_, true);
      SetPair();
    }
    lua_pop(lua_, 1);
  }

  void SkipAttribute(int64_t values) {
    for (int64_t i = 0; i < values; ++i) {
      PushNext();
      lua_pop(lua_, 1);
    }
    PushNext();
  }

  void PushDouble(double number) {
    lua_createtable(lua_, 0, 1);
    lua_pushliteral(lua_, "double");
    lua_pushnumber(lua_, number);
    lua_rawset(lua_, -3);
  }

  void PushVerbatim(const resp::ReplyToken& token) {
    lua_createtable(lua_, 0, 1);
    lua_pushliteral(lua_, "verbatim_string");
    PushField(lua_, "string", token.text);
    lua_pushliteral(lua_, "format");
    PushString(lua_, token.format);
    lua_rawset(lua_, -3);
    lua_rawset(lua_, -3);
  }

  lua_State* lua_;
  std::string_view input_;
  bool error_counted_;
};

// --- Lua to reply. --------------------------------------------------------------------------------------------------

// As x86's conversion, which is what scripts have always seen: out of range is the smallest integer.
int64_t TruncatedInteger(lua_Number number) noexcept {
  constexpr lua_Number kLimit = 9223372036854775808.0;
  if (!(number >= -kLimit && number < kLimit)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

std::string_view ViewOf(lua_State* lua, int index) {
  size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return {text, size};
}

class ValueWriter {
 public:
  ValueWriter(lua_State* lua, int script_protocol, resp::Reply& reply) noexcept
      : lua_(lua), script_protocol_(script_protocol), reply_(reply) {}

  // Writes and pops the top value.
  void Write() {
    if (!lua_checkstack(lua_, 4)) {
      lua_pop(lua_, 1);
      return reply_.Error(kTooDeepText);
    }
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING: reply_.Bulk(ViewOf(lua_, -1)); break;
      case LUA_TBOOLEAN: WriteBoolean(lua_toboolean(lua_, -1) != 0); break;
      case LUA_TNUMBER: reply_.Integer(TruncatedInteger(lua_tonumber(lua_, -1))); break;
      case LUA_TTABLE: WriteTable(); break;
      default: reply_.Null();
    }
    lua_pop(lua_, 1);
  }

 private:
  void WriteBoolean(bool value) {
    if (script_protocol_ >= 3) {
      reply_.Bool(value);
    } else if (value) {
      reply_.Integer(1);
    } else {
      reply_.Null();
    }
  }

  // Pushes the field when it has the type; pushes nothing otherwise.
  bool PushIf(const char* field, int type) {
    lua_pushstring(lua_, field);
    lua_rawget(lua_, -2);
    if (lua_type(lua_, -1) == type) return true;
    lua_pop(lua_, 1);
    return false;
  }

  // Each branch leaves the table on top.
  void WriteTable() {
    if (PushIf("err", LUA_TSTRING)) {
      reply_.Error(lua_tostring(lua_, -1));  // Up to a zero byte, as all error texts.
    } else if (PushIf("ok", LUA_TSTRING)) {
      reply_.Simple(ViewOf(lua_, -1));
    } else if (PushIf("double", LUA_TNUMBER)) {
      reply_.Double(lua_tonumber(lua_, -1));
    } else if (PushIf("map", LUA_TTABLE)) {
      WriteMap();
    } else if (PushIf("set", LUA_TTABLE)) {
      WriteSet();
    } else if (PushIf("big_number", LUA_TSTRING)) {
      WriteBigNumber(ViewOf(lua_, -1));
    } else if (PushIf("verbatim_string", LUA_TTABLE)) {
      if (WriteVerbatim()) return lua_pop(lua_, 1);
      lua_pop(lua_, 1);
      return WriteArray();
    } else {
      return WriteArray();
    }
    lua_pop(lua_, 1);
  }

  // A script can put anything there; line ends would break RESP3's one-line type, and RESP2 says the same text.
  void WriteBigNumber(std::string_view text) {
    std::string& digits = HostOf(lua_).scratch;
    digits.assign(text);
    for (char& c : digits) {
      if (c == '\r' || c == '\n') c = ' ';
    }
    reply_.BigNumber(digits);
  }

  size_t CountPairs() {
    size_t count = 0;
    lua_pushnil(lua_);
    while (lua_next(lua_, -2)) {
      lua_pop(lua_, 1);
      ++count;
    }
    return count;
  }

  void WriteMap() {
    reply_.MapHeader(CountPairs());
    lua_pushnil(lua_);
    while (lua_next(lua_, -2)) {
      lua_pushvalue(lua_, -2);  // A copy, since writing pops it and the walk needs it.
      Write();
      Write();
    }
  }

  void WriteSet() {
    reply_.SetHeader(CountPairs());
    lua_pushnil(lua_);
    while (lua_next(lua_, -2)) {
      lua_pop(lua_, 1);
      lua_pushvalue(lua_, -1);
      Write();
    }
  }

  bool WriteVerbatim() {
    if (!PushIf("format", LUA_TSTRING)) return false;
    lua_insert(lua_, -2);
    const bool complete = PushIf("string", LUA_TSTRING);
    if (complete) {
      char format[3] = {' ', ' ', ' '};
      const std::string_view given = ViewOf(lua_, -3);
      std::memcpy(format, given.data(), given.size() < 3 ? given.size() : 3);
      reply_.Verbatim({format, 3}, ViewOf(lua_, -1));
      lua_pop(lua_, 1);
    }
    lua_remove(lua_, -2);
    return complete;
  }

  void WriteArray() {
    int count = 0;
    for (;; ++count) {
      lua_rawgeti(lua_, -1, count + 1);
      const bool end = lua_isnil(lua_, -1);
      lua_pop(lua_, 1);
      if (end) break;
    }
    reply_.ArrayHeader(static_cast<size_t>(count));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(lua_, -1, i);
      Write();
    }
  }

  lua_State* lua_;
  int script_protocol_;
  resp::Reply& reply_;
};

}  // namespace

void PushReply(lua_State* lua, std::string_view bytes, bool error_counted) {
  ReplyReader(lua, bytes, error_counted).PushNext();
}

void WriteLuaValue(lua_State* lua, int script_protocol, resp::Reply& reply) {
  ValueWriter(lua, script_protocol, reply).Write();
}

}  // namespace tusk::script
