"""Function libraries. The replies' maps and lists come in no defined order."""
from grammar import slot

LIBRARIES = [
    b"#!lua name=one\nredis.register_function('f1', function(keys, args) return #args end)\n"
    b"redis.register_function{function_name='f2', callback=function(keys, args) return redis.call('get', keys[1]) end, flags={'no-writes'}, "
    b"description='reads'}",
    b"#!lua name=two\nredis.register_function('g1', function(keys, args) return redis.call('set', keys[1], args[1] or 'none') end)",
    b"#!lua name=one\nredis.register_function('f1', function(keys, args) return 'second version' end)",
    b"#!lua name=three\nredis.register_function('f1', function() return 'taken' end)",
    b"#!lua name=four\nredis.register_function('h1', function(keys, args) error('boom') end)\nredis.register_function('h2', function(keys, args) "
    b"return {err='MY own'} end)",
    b"#!lua name=five\nredis.register_function{function_name='k1', callback=function() return redis.call('set','s:1','x') end, flags={'no-writes'}}",
    b"#!lua name=six\nlocal n = 0\nredis.register_function('n1', function() return tostring(redis.call('incr','s:0')) end)",
    b"#!lua name=bad\nredis.register_function('b1')", b"#!lua name=bad\nredis.register_function('b 1', function() end)", b'#!lua name=bad\nreturn 1',
    b'#!lua name=bad\nredis.call("get","x")', b'#!lua\nreturn 1', b'#!lua name=bad name=bad2\n', b'#!lua foo=bad\n', b'#!js name=x\n', b'no header', b'',
    b'#!lua name=bad-name\n', b'#!lua name=syntax\nsyntax error(', b"#!lua name=bad\nredis.register_function{callback=function() end}",
    b"#!lua name=bad\nredis.register_function{function_name='q', callback=function() end, flags={'nosuch'}}",
    b"#!lua name=bad\nredis.register_function{function_name='q', callback=5}", b"#!lua name=bad\nerror('at load')",
    b"#!lua name=seven\nredis.register_function('m1', function(k,a) redis.setresp(3); return redis.call('hgetall', k[1]) end)",
]


@slot
def slot_library(self):
    return self.rng.choice(LIBRARIES[:7] if self.rng.random() < 0.7 else LIBRARIES)


@slot
def slot_function(self):
    return self.rng.choice([b'f1', b'f2', b'g1', b'h1', b'h2', b'k1', b'n1', b'F1', b'nosuch'])


def rows(row):
    return [
        row('FUNCTION LOAD [REPLACE] library', 20, fixed=True, script=False), row('FUNCTION LOAD {X library|REPLACE}', 1, fixed=True, script=False),
        row('FUNCTION LIST <[WITHCODE] [LIBRARYNAME {one|t*|nosuch}]>', 8, 'tree', script=False), row('FUNCTION LIST {WITHCODE WITHCODE|LIBRARYNAME|x}', 1, 'tree', script=False),
        row('FUNCTION DELETE {one|two|four|nosuch}', 4, script=False), row('FUNCTION FLUSH [{ASYNC|SYNC|x}]', 1, script=False),
        row('FUNCTION STATS', 2, 'tree', script=False), row('FUNCTION KILL', 1, script=False), row('FUNCTION NOSUCH', 1, script=False),
        row('FUNCTION DUMP', 1, 'kind', script=False), row('FUNCTION RESTORE {x|abc APPEND|x NOSUCH}', 1, script=False, fixed=True),
        row('FCALL function {0|1 k|2 k k|1 s|x|-1|3 k} [v]', 20, fixed=True, script=False), row('FCALL_RO function {0|1 k|1 s} [v]', 10, fixed=True, script=False),
    ]
