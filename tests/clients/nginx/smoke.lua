-- Every type through lua-nginx-redis, with a pool of kept connections. Answers PASS and FAIL lines.
local redis = require "nginx.redis"

local function flat(value)
  if type(value) == "table" then
    local parts = {}
    for n, part in ipairs(value) do parts[n] = flat(part) end
    return "[" .. table.concat(parts, " ") .. "]"
  end
  if value == ngx.null then return "null" end
  return tostring(value)
end

local red = redis:new()
red:set_timeout(5000)
local ok, err = red:connect("127.0.0.1", tonumber(ngx.var.server_port_under_test))
if not ok then
  ngx.say("FAIL lua-nginx-redis: connect: ", err)
  return
end

local function expect(wanted, name, ...)
  local got, why = red[name](red, ...)
  local text = got == false and "error: " .. tostring(why) or flat(got)
  if got == nil then text = "nothing: " .. tostring(why) end
  ngx.say(text == wanted and "PASS" or "FAIL", " lua-nginx-redis: ", name, " ", flat({...}), text == wanted and "" or " gave " .. text)
end

local id = ngx.var.arg_id or "0"
local function key(name) return "nginx:" .. id .. ":" .. name end

expect("OK", "set", key("s"), "hello")
expect("hello", "get", key("s"))
expect("null", "get", key("none"))
expect("1", "incr", key("n"))
expect("1", "expire", key("n"), 100)
expect("3", "rpush", key("l"), "a", "b", "c")
expect("[a b c]", "lrange", key("l"), 0, -1)
expect("[" .. key("l") .. " c]", "brpop", key("l"), 1)
expect("2", "hset", key("h"), "f", "1", "g", "2")
expect("[f 1 g 2]", "hgetall", key("h"))
expect("2", "sadd", key("t"), "x", "y")
expect("1", "sismember", key("t"), "x")
expect("2", "zadd", key("z"), 1, "a", 2.5, "b")
expect("[a 1 b 2.5]", "zrange", key("z"), 0, -1, "WITHSCORES")
expect("error: WRONGTYPE Operation against a key holding the wrong kind of value", "lpush", key("s"), "x")
expect("OK", "multi")
expect("QUEUED", "incr", key("n"))
expect("[2]", "exec")
expect("[1 two]", "eval", "return {1,'two'}", 0)

red:init_pipeline()
for n = 1, 100 do red:incrby(key("p"), n) end
local results = red:commit_pipeline()
ngx.say(results and results[100] == 5050 and "PASS" or "FAIL", " lua-nginx-redis: a pipeline of 100")
local kept, why = red:set_keepalive(10000, 20)
ngx.say(kept and "PASS" or "FAIL", " lua-nginx-redis: connection kept ", kept and "" or tostring(why))
