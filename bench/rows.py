"""What `make bench-peers` measures: a row is what is there before, what is sent, and how deep."""

import dataclasses
import hashlib

from load import load
from servers import is_error

KEYS = 1_000_000
VALUE_BYTES = 64
FILL_DEPTH = 64


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    commands: tuple  # Words for tusk-load: commands, and options of groups between them.
    depths: tuple = (1, 16)
    # [(how many, command, ...)]: sent in order with counted keys before the row.
    fill: tuple = ()
    scripts: tuple = ()
    calls: tuple = ()  # Single commands after the fill.
    options: tuple = ()
    connections: int = 50
    # New keys in every sample: so many requests, counted up from where the last sample ended.
    fresh: int = 0
    nulls: bool = False  # Whether a reply may be null.
    floor: bool = False  # Whether the echo server runs it.
    memcached: bool = False
    note: str = ""


FILL_STRINGS = ((KEYS, "SET key:__key__ __value__"),)
GET_SET = ("SET key:__key__ __value__", "GET key:__key__")
FILL_ZSET = ((KEYS, "ZADD z __1000000__ m:__key__"),)


def words(*parts):
    return " ".join(parts)


FIVE_CALLS = """
local seen = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], 'last', ARGV[1])
redis.call('HINCRBY', KEYS[2], 'count', 1)
redis.call('EXPIRE', KEYS[2], 3600)
return seen
"""

# What BullMQ's scripts do to a job, cut down to the commands: add, take the next, finish.
JOB_ADD = """
local id = redis.call('INCR', KEYS[1])
local job = KEYS[2] .. id
redis.call('HMSET', job, 'name', 'mail', 'data', ARGV[1], 'opts', '{}', 'timestamp', ARGV[2], 'delay', '0', 'priority', '0')
redis.call('XADD', KEYS[4], 'MAXLEN', '~', '1000', '*', 'event', 'added', 'jobId', id, 'name', 'mail')
redis.call('LPUSH', KEYS[3], id)
redis.call('XADD', KEYS[4], 'MAXLEN', '~', '1000', '*', 'event', 'waiting', 'jobId', id)
return id .. ''
"""
JOB_NEXT = """
local id = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
if not id then return 0 end
local job = KEYS[3] .. id
redis.call('HSET', job, 'processedOn', ARGV[1])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', '1000', '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
return {redis.call('HGETALL', job), id}
"""
JOB_DONE = """
local id = redis.call('RPOP', KEYS[1])
if not id then return 0 end
local job = KEYS[3] .. id
redis.call('HMSET', job, 'returnvalue', 'null', 'finishedOn', ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[1], id)
redis.call('XADD', KEYS[4], 'MAXLEN', '~', '1000', '*', 'event', 'completed', 'jobId', id, 'returnvalue', 'null')
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[2], 'LIMIT', 0, 100)) do
  redis.call('DEL', KEYS[3] .. old)
  redis.call('ZREM', KEYS[2], old)
end
return id
"""


def sha(script):
    return hashlib.sha1(script.encode()).hexdigest()


CELERY_JOB = (
    "LPUSH celery __value____value____value____value____value____value____value____value__", "BRPOP celery celery:3 celery:6 celery:9 1",
    "MULTI", "ZADD unacked_index __1000000000__ tag:__conn__", "HSET unacked tag:__conn__ __value____value____value____value__", "EXEC",
    "SETEX celery-task-meta-__key__ 86400 __value____value__", "PUBLISH celery-task-meta-__key__ __value____value__",
    "MULTI", "ZREM unacked_index tag:__conn__", "HDEL unacked tag:__conn__", "EXEC",
)

ROWS = (
    Row("get-set", "GET and SET 1:1, even", GET_SET, (1, 16, 64), FILL_STRINGS, floor=True, memcached=True),
    Row("get-set-zipf", "GET and SET 1:1, Zipf 0.99", GET_SET, (1, 16), FILL_STRINGS, options=("--zipf", "0.99"), floor=True, memcached=True),
    Row("mget", "MGET of 10", (words("MGET", *["key:__key__"] * 10),), fill=FILL_STRINGS, floor=True),
    Row("mset", "MSET of 10", (words("MSET", *["key:__key__ __value__"] * 10),), fill=FILL_STRINGS, floor=True),
    Row("incr", "INCR", ("INCR counter:__key__",), fill=((KEYS, "INCR counter:__key__"),), floor=True),
    Row("lpush-lpop", "LPUSH and LPOP 1:1", ("LPUSH list:__1000__ __value__", "LPOP list:__1000__"), fill=((100_000, "LPUSH list:__1000__ __value__"),),
        floor=True, nulls=True, note="a thousand lists"),
    Row("lrange", "LRANGE of 100", ("LRANGE list:__1000__ 50 149",), fill=((1_000_000, "RPUSH list:__1000__ __value__"),), note="a thousand lists of about 1,000"),
    Row("sadd-spop", "SADD and SPOP 1:1", ("SADD set:__1000__ __1000000__", "SPOP set:__1000__"), fill=((500_000, "SADD set:__1000__ __1000000__"),),
        nulls=True, note="a thousand sets of about 500 integers"),
    Row("hset", "HSET, update", ("HSET hash:__100000__ field:__10__ __value__",), fill=((2_000_000, "HSET hash:__100000__ field:__10__ __value__"),),
        floor=True, note="100,000 hashes of about 9 fields"),
    Row("hget-large", "HGET of one hash of a million", ("HGET hash __key__",), fill=((KEYS, "HSET hash __key__ __value__"),)),
    Row("hgetall", "HGETALL of 10 fields", ("HGETALL hash:__100000__",),
        fill=((100_000, words("HSET hash:__key__", *[f"field:{n} __value__" for n in range(10)])),)),
    Row("zadd-new", "ZADD, new member of a million", ("ZADD z __1000000__ m:__key__",), fill=FILL_ZSET, fresh=100_000),
    Row("zadd-update", "ZADD, update in a million", ("ZADD z __1000000__ m:__key__",), fill=FILL_ZSET),
    Row("zrange", "ZRANGE of 100 in a million", ("ZRANGE z 500000 500099",), fill=FILL_ZSET),
    Row("zrangebyscore", "ZRANGEBYSCORE of 100 in a million", ("ZRANGEBYSCORE z __990000__ +inf LIMIT 0 100",), fill=FILL_ZSET),
    Row("xadd", "XADD MAXLEN ~ 1000", ("XADD stream:__100__ MAXLEN ~ 1000 * field __value__",)),
    Row("xreadgroup", "XADD and XREADGROUP 1:1", ("XADD stream:__conn__ MAXLEN ~ 1000 * field __value__",
                                                  "XREADGROUP GROUP group consumer COUNT 1 NOACK STREAMS stream:__conn__ >"),
        fill=((100, "XGROUP CREATE stream:__key__ group $ MKSTREAM"),), nulls=True, note="a stream a connection"),
    Row("blpop", "BLPOP hand-off", ("--abandon", "--connections", "25", "BLPOP ping:__conn__ 0", "LPUSH pong:__conn__ x",
                                      "--group", "25", "LPUSH ping:__conn__ x", "BLPOP pong:__conn__ 0"), (1,),
        note="25 pairs; a hand-off is an LPUSH and the BLPOP that it wakes"),
    Row("evalsha", "EVALSHA of 5 calls", (f"EVALSHA {sha(FIVE_CALLS)} 2 key:__key__ hash:__100000__ __value__",), fill=FILL_STRINGS,
        scripts=(FIVE_CALLS,), nulls=True),
    Row("publish", "PUBLISH to 50 subscribers", ("--connections", "10", "PUBLISH news __value__", "--listen", "50", "SUBSCRIBE news"), (1, 16)),
    Row("bullmq", "a queue as BullMQ works", (
        f"EVALSHA {sha(JOB_ADD)} 4 bull:id bull:job: bull:wait bull:events __value____value__ __1000000000__",
        f"EVALSHA {sha(JOB_NEXT)} 4 bull:wait bull:active bull:job: bull:events __1000000000__",
        f"EVALSHA {sha(JOB_DONE)} 4 bull:active bull:completed bull:job: bull:events __1000000000__ 500000000"), (1,),
        scripts=(JOB_ADD, JOB_NEXT, JOB_DONE), nulls=True, note="three scripts a job: add, take, finish"),
    Row("celery", "a queue as Celery works", CELERY_JOB, (1, len(CELERY_JOB)), nulls=True, note="twelve commands a job of 512 bytes"),
    Row("connect", "connect, PING, close", ("--reconnect", "PING"), (1,)),
    Row("idle", "GET and SET beside 10,000 idle connections", (*GET_SET, "--listen", "10000"), (1, 16), FILL_STRINGS),
)


def fill(server, row, core=None):
    """An empty server with what the row wants to find."""
    server.clear()
    for script in row.scripts:
        if is_error(server.call("SCRIPT", "LOAD", script)):
            raise SystemExit(f"{server.name}: the script of {row.name} does not load")
    for count, *commands in row.fill:
        load(server, "--requests", count, "--sequential", 0, "--pipeline", FILL_DEPTH, "--value-bytes", VALUE_BYTES, *commands, core=core)
    for call in row.calls:
        server.call(*call)


def runs(server, row):
    if server.name == "echo":
        return row.floor
    return server.protocol == "resp" or row.memcached

