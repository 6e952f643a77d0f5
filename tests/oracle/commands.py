"""Every command that the oracle sends in its main stream: template, weight and how its replies are compared.

Comparators are named in compare.py. `alone` rows answer at random: they are kept out of MULTI and scripts. Rows in FIXED are never
mutated, because a wild argument there would block a connection or change a limit for the rest of the run; so is a row that says so.
"""
import admin
import bitmaps
import functions
import geo
import hyperloglogs
import stream_rows
from grammar import compile_template

FIXED = {'CONFIG', 'CLIENT', 'COMMAND', 'HELLO', 'DEBUG', 'WAIT', 'BLPOP', 'BRPOP', 'BLMOVE', 'BRPOPLPUSH', 'BLMPOP', 'BZPOPMIN', 'BZPOPMAX', 'BZMPOP'}
# 7.2 knows ZRANK key member WITHSCORE, so one more argument is another error there.
FIXED |= {'ZRANK', 'ZREVRANK'}


class Row:
    def __init__(self, template, weight=10, compare='exact', alone=False, script=True, fixed=False, kind='cmd'):
        self.text = template
        self.fixed = fixed or template.split()[0] in FIXED
        self.name = template.split()[0]
        self.template = compile_template(template)
        self.weight = weight
        self.compare = compare
        self.alone = alone
        # Its reply lists commands: not sent while the server under test lacks some.
        self.whole_table = template.startswith(('ACL CAT [', 'COMMAND LIST FILTERBY'))
        self.kind = 'spop' if compare == 'spop' else kind
        self.script = script and not alone


def row(*args, **kwargs):
    return Row(*args, **kwargs)


STRINGS = [
    row('APPEND s v', 12), row('DECR s'), row('DECRBY s n'), row('INCR s', 12), row('INCRBY s n', 12), row('INCRBYFLOAT s fl', 12),
    row('GET s', 25), row('GETDEL s', 6), row('GETRANGE s idx idx', 12), row('SUBSTR s idx idx', 3), row('GETSET s v'),
    row('GETEX s [{EX sec|PX ms|EXAT at|PXAT pat|PERSIST}]', 14), row('GETEX s {EX sec PERSIST|PX|NX|EX sec PX ms}', 2),
    row('SET s v', 40), row('SET s v <[{NX|XX}] [GET] [{EX sec|PX ms|EXAT fat|PXAT fpat|KEEPTTL}]>', 30),
    row('SET s v {NX XX|EX sec KEEPTTL|EX sec PX ms|EX|GET NX XX|FOO|NX GET KEEPTTL}', 4),
    row('SETEX s sec v', 7), row('PSETEX s ms v', 7), row('SETNX s v'), row('SETRANGE s offset v', 10), row('STRLEN s', 8),
    row('MGET (k)+', 10), row('MSET (s v)+', 10), row('MSET s v s', 1), row('MSETNX (s v)+', 7),
    row('LCS s s <[LEN] [IDX] [MINMATCHLEN cnt] [WITHMATCHLEN]>', 8),
]

LISTS = [
    row('LPUSH l (e)+', 20), row('RPUSH l (e)+', 25), row('LPUSHX l (e)+', 6), row('RPUSHX l (e)+', 6),
    row('LPOP l [cnt]', 12), row('RPOP l [cnt]', 12), row('LLEN l', 8), row('LRANGE l idx idx', 20), row('LINDEX l idx', 10),
    row('LINSERT l {BEFORE|AFTER|before|NEAR} e e', 12), row('LREM l cnt e', 12), row('LSET l idx e', 12), row('LTRIM l idx idx', 5),
    row('LPOS l e <[RANK idx] [COUNT cnt] [MAXLEN cnt]>', 14), row('RPOPLPUSH l l', 8),
    row('LMOVE l l {LEFT|RIGHT|left|UP} {LEFT|RIGHT}', 10), row('LMPOP nkl {LEFT|RIGHT|left} [COUNT cnt]', 8),
    row('BLPOP (l)+ tmo', 2), row('BRPOP (l)+ tmo', 2),
    row('BLMOVE l l {LEFT|RIGHT} {LEFT|RIGHT} tmo', 2), row('BRPOPLPUSH l l tmo', 2),
    row('BLMPOP tmo nkl {LEFT|RIGHT} [COUNT cnt]', 2),
]

HASHES = [
    row('HSET h (f v)+', 30), row('HSET h f v f', 1), row('HMSET h (f v)+', 6), row('HSETNX h f v', 8), row('HGET h f', 12),
    row('HMGET h (f)+', 10), row('HDEL h (f)+', 12), row('HEXISTS h f', 6), row('HLEN h', 6), row('HSTRLEN h f', 6),
    row('HKEYS h', 6, 'unordered'), row('HVALS h', 6, 'unordered'), row('HGETALL h', 10, 'pairs'),
    row('HINCRBY h f n', 12), row('HINCRBYFLOAT h f fl', 12), row('HRANDFIELD h [cnt [WITHVALUES]]', 5, 'random', alone=True),
    row('HSCAN h 0 <[MATCH pattern] [COUNT pos]>', 2, 'scan', alone=True),
]

SETS = [
    row('SADD t (e)+', 30), row('SREM t (e)+', 14), row('SCARD t', 6), row('SISMEMBER t e', 8), row('SMISMEMBER t (e)+', 8),
    row('SMEMBERS t', 10, 'unordered'), row('SMOVE t t e', 10), row('SINTER (t)+', 8, 'unordered'), row('SUNION (t)+', 8, 'unordered'),
    row('SDIFF (t)+', 8, 'unordered'), row('SINTERSTORE t (t)+', 7), row('SUNIONSTORE t (t)+', 7), row('SDIFFSTORE t (t)+', 7),
    row('SINTERCARD nkt [LIMIT cnt]', 8), row('SPOP t [cnt]', 5, 'spop', alone=True), row('SPOP t 1000000', 1, 'unordered'),
    row('SRANDMEMBER t [cnt]', 5, 'random', alone=True), row('SSCAN t 0 <[MATCH pattern] [COUNT pos]>', 2, 'scan', alone=True),
]

SORTED_SETS = [
    row('ZADD z <[{NX|XX}] [{GT|LT}] [CH]> (score m)+', 30), row('ZADD z (score m)+', 15), row('ZADD z <[XX] [NX] [GT] [LT] [INCR]> (score m)+', 6),
    row('ZADD z INCR score m', 5), row('ZCARD z', 5), row('ZCOUNT z range range', 8), row('ZINCRBY z fl m', 12),
    row('ZSCORE z m', 8), row('ZMSCORE z (m)+', 6), row('ZRANK z m', 8), row('ZREVRANK z m', 8), row('ZREM z (m)+', 12),
    row('ZRANGE z idx idx [WITHSCORES]', 12), row('ZRANGE z range range BYSCORE <[REV] [LIMIT idx cnt] [WITHSCORES]>', 10),
    row('ZRANGE z idx idx REV [WITHSCORES]', 5), row('ZREVRANGE z idx idx [WITHSCORES]', 8),
    row('ZRANGEBYSCORE z range range <[WITHSCORES] [LIMIT idx cnt]>', 8), row('ZREVRANGEBYSCORE z range range <[WITHSCORES] [LIMIT idx cnt]>', 8),
    row('ZRANGESTORE z z idx idx [REV]', 5), row('ZRANGESTORE z z range range BYSCORE <[REV] [LIMIT idx cnt]>', 5),
    row('ZREMRANGEBYRANK z idx idx', 4), row('ZREMRANGEBYSCORE z range range', 4),
    row('ZPOPMIN z [cnt]', 7), row('ZPOPMAX z [cnt]', 7), row('ZMPOP nkz {MIN|MAX|min} [COUNT cnt]', 6),
    row('ZUNIONSTORE z nktz <[WEIGHTS weights] [AGGREGATE {SUM|MIN|MAX|AVG}]>', 7),
    row('ZINTERSTORE z nktz <[WEIGHTS weights] [AGGREGATE {SUM|MIN|MAX}]>', 7), row('ZDIFFSTORE z nktz', 6),
    row('ZUNION nktz <[WEIGHTS weights] [AGGREGATE {SUM|MIN|MAX}] [WITHSCORES]>', 7),
    row('ZINTER nktz <[WEIGHTS weights] [AGGREGATE {SUM|MIN|MAX}] [WITHSCORES]>', 7), row('ZDIFF nktz [WITHSCORES]', 7),
    row('ZINTERCARD nktz [LIMIT cnt]', 6), row('ZRANDMEMBER z [cnt [WITHSCORES]]', 5, 'random', alone=True),
    row('ZSCAN z 0 <[MATCH pattern] [COUNT pos]>', 2, 'scan', alone=True),
    row('ZADD lex (0 m)+', 12, fixed=True), row('ZRANGEBYLEX lex lexend lexend [LIMIT idx cnt]', 8), row('ZREVRANGEBYLEX lex lexend lexend [LIMIT idx cnt]', 8),
    row('ZRANGE lex lexend lexend BYLEX <[REV] [LIMIT idx cnt]>', 8), row('ZLEXCOUNT lex lexend lexend', 6),
    row('ZREMRANGEBYLEX lex lexend lexend', 2), row('ZREM lex (m)+', 2), row('ZRANGESTORE lex lex lexend lexend BYLEX', 2),
    row('BZPOPMIN (z)+ tmo', 2), row('BZPOPMAX (z)+ tmo', 2),
    row('BZMPOP tmo nkz {MIN|MAX} [COUNT cnt]', 2),
]

GENERIC = [
    row('DEL (k)+', 14), row('UNLINK (k)+', 5), row('EXISTS (k)+', 10), row('TYPE k', 10), row('TOUCH (k)+', 4),
    row('COPY k k <[DB db] [REPLACE]>', 12), row('MOVE k anydb', 5), row('RENAME k k', 6), row('RENAMENX k k', 6),
    row('EXPIRE k sec [{NX|XX|GT|LT|NX GT|GT LT|XX LT|FOO}]', 10), row('PEXPIRE k ms [{NX|XX|GT|LT}]', 8),
    row('EXPIREAT k at [{NX|XX|GT|LT}]', 8), row('PEXPIREAT k pat [{NX|XX|GT|LT}]', 12), row('PERSIST k', 8),
    row('TTL k', 8, 'near_s'), row('PTTL k', 8, 'near_ms'), row('EXPIRETIME k', 6, 'near_s'), row('PEXPIRETIME k', 6, 'near_ms'),
    row('KEYS pattern', 4, 'unordered'), row('RANDOMKEY', 2, 'random', alone=True), row('DBSIZE', 5),
    row('OBJECT ENCODING k', 14, 'encoding'), row('OBJECT REFCOUNT k', 4, 'refcount'), row('OBJECT IDLETIME k', 2, 'near_s'),
    row('OBJECT FREQ k', 2), row('OBJECT {NOSUCH k|ENCODING|ENCODING k k}', 1),
    row('SORT {l|t|z} <[BY {nosort|NoSort}] [LIMIT 0 -1] [{ASC|DESC}]>', 6, 'sort'),
    row('SORT {l|t|z} <[LIMIT cnt cnt] [{ASC|DESC}] [ALPHA]>', 8), row('SORT_RO {l|t|z} <[{ASC|DESC}] [ALPHA]>', 5),
    row('SORT {l|t|z} <[BY {s:*|z:*|h:*->1|nokey_*}] [GET #] [GET s:*] [GET h:*->a] [{ASC|DESC}] [ALPHA]>', 8, 'sort'),
    row('SORT {l|t|z} <[{ASC|DESC}] [ALPHA] [STORE l]>', 6), row('SORT_RO l STORE l', 1),
    row('SORT {l|t|z} {LIMIT 1|BY|GET|STORE|FOO}', 1),
    row('SCAN 0 <[MATCH pattern] [COUNT pos] [TYPE {string|list|set|zset|hash|stream|nosuch}]>', 3, 'scan', alone=True),
    row('SWAPDB 0 {1|9|0}', 1), row('FLUSHDB [{ASYNC|SYNC|NOW}]', 1), row('MEMORY USAGE k [SAMPLES cnt]', 2, 'kind'),
    row('WAIT 0 0', 1),
]

CONNECTION = [
    row('PING [v]', 4), row('ECHO v', 4), row('SELECT anydb', 3, script=False), row('SELECT 0', 4, script=False),
    row('CLIENT {GETNAME|SETNAME {abc|}|ID x|NOSUCH|KILL|UNBLOCK 999999|NO-EVICT {on|off|x}|REPLY {ON|x}}', 3, script=False),
    row('CLIENT {ID|INFO}', 1, 'kind', script=False), row('HELLO {4|abc|1|3 AUTH a|3 SETNAME}', 1, script=False),
    row('AUTH {x|x y|x y z}', 1, script=False), row('NOSUCHCMD [k] [v]', 2, script=False), row('QUITE', 1, script=False),
]

SERVER = [
    row('CONFIG GET {maxmemory|list-max-*|hash-max-listpack-*|hash-max-ziplist-entries|zset-max-*|set-max-intset*|notify-keyspace-events|nosuch}', 3,
        'config', script=False),
    row('CONFIG GET maxmemory list-max-listpack-size', 1, 'config', script=False),
    row('CONFIG SET {hash-max-listpack-entries|zset-max-listpack-entries|set-max-intset-entries|hash-max-ziplist-entries} {8|9|16|128|512|abc|-1}', 3,
        script=False),
    row('CONFIG SET {hash-max-listpack-value|zset-max-listpack-value} {4|20|64|bad}', 2, script=False),
    row('CONFIG SET list-max-listpack-size {-2|4|16|128|-6|bad}', 2, script=False),
    row('CONFIG SET list-compress-depth {0|1|-1}', 1, script=False),
    row('CONFIG {SET nosuch 1|SET maxmemory abc|SET port|RESETSTAT|NOSUCH|SET maxmemory 0 nosuch 1|SET maxmemory 0 maxmemory 0}', 2, script=False),
    row('COMMAND {COUNT x|GETKEYS|GETKEYS GET|GETKEYS NOSUCH a|GETKEYS PING|INFO nosuch}', 1, script=False),
    row('TIME', 1, 'kind', script=False), row('ROLE', 1, script=False), row('SCRIPT {EXISTS abc|NOSUCH|KILL|FLUSH x}', 1, script=False),
    row('SLOWLOG {RESET|NOSUCH|GET x|GET -2|LEN x}', 1, script=False), row('DEBUG NOSUCH', 1, script=False),
    row('PUBLISH {ch:1|news.a} v', 3), row('PUBSUB {CHANNELS [pattern]|NUMSUB ch:1 ch:2|NUMPAT|NOSUCH}', 3, 'unordered', script=False),
    row('SPUBLISH ch:1 v', 1), row('PUBSUB {SHARDCHANNELS [pattern]|SHARDNUMSUB ch:1}', 1, 'unordered', script=False),
    row('EXEC', 1, script=False), row('DISCARD', 1, script=False), row('UNWATCH', 1, script=False), row('WATCH (k)+', 1, script=False),
]

GROUPS = {'strings': STRINGS, 'lists': LISTS, 'hashes': HASHES, 'sets': SETS, 'zsets': SORTED_SETS, 'generic': GENERIC, 'connection': CONNECTION,
          'server': SERVER}
GROUPS |= {module.__name__: module.rows(row) for module in (bitmaps, hyperloglogs, geo, stream_rows, functions, admin)}
ALL = [one for rows in GROUPS.values() for one in rows]

# Commands that set deadlines are mutated by leaving arguments out only: any other way could make a deadline that passes during the run.
DEADLINES = {'SET', 'SETEX', 'PSETEX', 'GETEX', 'EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT'}
