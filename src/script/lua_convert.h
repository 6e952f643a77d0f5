// Replies to Lua values and back, by the rules that EVAL has had since Redis 2.6 and 6 (RESP3).
//
//   reply            Lua                      Lua                       reply
//   integer          number                   number                    integer (fraction cut)
//   bulk             string                   string                    bulk
//   simple, error    {ok=}, {err=}            {ok=}, {err=}             simple, error
//   array            {...}                    table                     array up to the first nil
//   null (RESP2)     false                    false                     null, or #f after setresp(3)
//   null (RESP3)     nil                      nil, function, ...        null
//   bool             boolean                  true                      1, or #t after setresp(3)
//   map, set         {map={}}, {set={}}       the same                  map, set
//   double           {double=}                the same                  double
//   big number       {big_number=}            the same                  big number
//   verbatim         {verbatim_string=        the same                  verbatim
//                     {format=,string=}}
// Threads: caller-synchronised. Owns: nothing.
#pragma once

#include <lua.hpp>
#include <string_view>

#include "resp/reply.h"

namespace tusk::script {

// Pushes the reply as a Lua value. `bytes` hold one complete reply. Attributes are dropped. May raise (memory, depth).
void PushReply(lua_State* lua, std::string_view bytes, bool error_counted);

// Pops the top value and writes it as one complete reply. `script_protocol` is what redis.setresp() chose: it decides
// how booleans look. Tables are read raw: no metamethod runs. May raise (memory); too deep a nesting ends in an error
// reply at the depth that is reached.
void WriteLuaValue(lua_State* lua, int script_protocol, resp::Reply& reply);

}  // namespace tusk::script
