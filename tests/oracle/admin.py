"""Commands about the server, its users and its clients, as far as their replies do not tell of the process itself (those compare by kind)."""
from grammar import pool, slot

USERS = [b'u:1', b'u:1', b'u:2', b'u:3', b'nobody']
RULES = [b'on', b'off', b'nopass', b'resetpass', b'reset', b'+@all', b'-@all', b'allcommands', b'nocommands', b'+get', b'-get', b'+set', b'+@read',
         b'-@write', b'+@string', b'-@dangerous', b'+config|get', b'-config|set', b'+client', b'-client|list', b'+select|0', b'~*', b'allkeys',
         b'resetkeys', b'~s:*', b'~l:?', b'%R~h:*', b'%W~t:*', b'%RW~z:*', b'&*', b'allchannels', b'resetchannels', b'&ch:*', b'>secret', b'>other', b'<secret',
         b'#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b', b'!2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b',
         b'(+get ~s:*)', b'(+@all %R~x:* &ch:1)', b'(~k* +nosuch)', b'clearselectors', b'sanitize-payload', b'skip-sanitize-payload', b'+nosuch', b'+@nosuch', b'nosuch',
         b'>', b'#short', b'%X~a', b'(', b')', b'+config|nosuch', b'-@all|x', b'+get|x', b'~', b'<absent', b'&', b'+', b'-@string', b'+@fast', b'-flushall']


@slot
def slot_user(self):
    return self.rng.choice(USERS)


@slot
def slot_rule(self):
    return self.rng.choice(RULES[:50] if self.rng.random() < 0.85 else RULES)


@slot
def slot_command(self):
    """A whole command, for those that ask about commands."""
    return self.fill(self.rng.choice(self.templates))


@slot
def slot_name(self):
    return self.rng.choice([b'get', b'SET', b'mget', b'config', b'config|get', b'nosuch', b'xreadgroup', b'eval', b'client|list', b'sort'])


def rows(row):
    only = {'script': False, 'fixed': True}
    return [
        row('ACL SETUSER user (rule)+', 10, **only), row('ACL SETUSER user', 1, **only), row('ACL SETUSER user on nopass +@all ~* &*', 3, **only),
        row('ACL GETUSER user', 8, 'acl', **only), row('ACL DELUSER (user)+', 2, **only), row('ACL USERS', 2, **only), row('ACL LIST', 4, 'acl', **only),
        row('ACL WHOAMI', 1, **only), row('ACL DRYRUN user command', 30, **only), row('ACL DRYRUN {user|user nosuch|nobody get a}', 1, **only),
        row('ACL CAT [{string|read|dangerous|nosuch|STREAM}]', 2, 'covers', **only), row('ACL GENPASS [{128|5|0|-1|4097|x}]', 1, 'kind', **only),
        row('ACL LOG {RESET|x|-1}', 1, **only), row('ACL {LOAD|SAVE|NOSUCH|SETUSER|GETUSER|CAT a b|LOG 1 2}', 1, **only),
        row('LATENCY {RESET|RESET nosuch|LATEST|HISTORY nosuch|HISTORY|NOSUCH|GRAPH nosuch|GRAPH}', 2, 'any', **only),
        row('LATENCY {DOCTOR|HELP|HISTOGRAM|HISTOGRAM nosuch}', 1, 'kind', **only),
        row('MEMORY {DOCTOR|MALLOC-STATS|PURGE|STATS|HELP|NOSUCH|USAGE|USAGE k SAMPLES -1}', 2, 'kind', **only),
        row('{ACL|CLIENT|CONFIG|COMMAND|DEBUG|FUNCTION|LATENCY|MEMORY|MODULE|OBJECT|PUBSUB|SCRIPT|SLOWLOG|XGROUP|XINFO|CLUSTER} HELP', 1, 'kind', **only),
        row('MODULE {LIST|LOAD nosuch.so|UNLOAD nosuch|NOSUCH|LOADEX nosuch.so}', 1, 'any', **only),
        row('CLUSTER {INFO|NODES|SLOTS|MYID|RESET|KEYSLOT a|NOSUCH}', 1, **only), row('{ASKING|READONLY|READWRITE}', 1, **only),
        row('CLUSTER {ADDSLOTS 1|ADDSLOTSRANGE 1 2|BUMPEPOCH|COUNT-FAILURE-REPORTS a|COUNTKEYSINSLOT 1|DELSLOTS 1|DELSLOTSRANGE 1 2|FAILOVER|FLUSHSLOTS|FORGET a|'
            'GETKEYSINSLOT 1 1|LINKS|MEET a 1|REPLICAS a|REPLICATE a|SAVECONFIG|SET-CONFIG-EPOCH 1|SETSLOT 1 STABLE|SHARDS|SLAVES a}', 1, **only),
        row('{REPLICAOF|SLAVEOF} {NO ONE|no one|localhost x|a}', 1, **only), row('FAILOVER {ABORT|TO|NOSUCH|TIMEOUT 5}', 1, **only), row('LASTSAVE', 1, 'kind', **only),
        row('LOLWUT [VERSION {5|6|1}]', 1, 'kind', **only), row('ROLE', 1, 'kind', **only), row('SCRIPT {LOAD|EXISTS}', 1, **only),
        row('SLOWLOG {GET|LEN|GET 1}', 1, 'kind', **only), row('INFO [{server|clients|memory|nosuch|all|everything|keyspace}]', 1, 'kind', **only),
        row('CLIENT {LIST|LIST ID 999999|LIST TYPE replica|LIST TYPE x|LIST ID|LIST x|INFO x}', 1, 'kind', **only),
        row('CLIENT {CACHING YES|CACHING x|GETREDIR|TRACKINGINFO|TRACKING x|TRACKING off|TRACKING on REDIRECT 999999|TRACKING on PREFIX a|PAUSE 0|PAUSE x|PAUSE 0 x|'
            'UNPAUSE|KILL ID 999999|KILL x|KILL TYPE x|KILL ID x|REPLY x|REPLY|UNBLOCK x|UNBLOCK 999999 x|UNBLOCK 999999 ERROR|KILL USER nobody|KILL 1.2.3.4:5}', 3, 'tree', **only),
        row('CLIENT KILL {LADDR 1.2.3.4:5|SKIPME no ID 999999|SKIPME x|ADDR|TYPE pubsub LADDR 1.2.3.4:5}', 1, **only),
        row('COMMAND COUNT', 1, 'kind', **only), row('COMMAND DOCS name', 1, 'kind', **only), row('COMMAND INFO name name', 1, 'kind', **only),
        row('COMMAND LIST FILTERBY {MODULE x|ACLCAT nosuch|PATTERN xread*|PATTERN z*card|FOO x}', 1, 'covers', **only), row('COMMAND GETKEYS command', 10, **only),
        row('CONFIG {REWRITE|GET|GET databases x|SET|RESETSTAT x}', 1, 'pairs', **only),
        row('DEBUG {OBJECT nosuch|JMAP|SLEEP 0|SET-ACTIVE-EXPIRE 1|CHANGE-REPL-ID|LISTPACK nosuch|ZIPLIST|QUICKLIST-PACKED-THRESHOLD 0}', 1, 'any', **only),
        row('DEBUG {PROTOCOL {string|integer|double|null|array|set|map|attrib|verbatim|true|false|bignum|x}|ERROR x|LOG x}', 2, 'any', **only),
        row('DEBUG {DIGEST-VALUE k k|DIGEST}', 2, 'any', **only), row('TIME x', 1, **only), row('DBSIZE x', 1, **only),
        row('{RESTORE k 0 x|RESTORE k|RESTORE k -1 x|RESTORE k 0 x FOO|RESTORE-ASKING k 0 x}', 2, **only), row('DUMP nosuch', 1, **only),
        row('MIGRATE {localhost|localhost 1 nosuch 0 10|localhost 1 k 0 x|localhost 1 k 0 10 FOO}', 1, **only),
        row('{PSYNC a|REPLCONF|SYNC x}', 1, 'any', **only), row('{BGSAVE x|BGREWRITEAOF x|SAVE x|SHUTDOWN x|SHUTDOWN ABORT|SHUTDOWN NOSAVE SAVE|MONITOR x}', 1, **only),
    ]


assert pool
