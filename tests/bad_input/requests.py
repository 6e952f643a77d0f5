"""Malformed requests: what is sent, what must come back, and whether the server hangs up."""
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from support import resp  # noqa: E402

OPEN, CLOSED = 'open', 'closed'
PROTOCOL = b'-ERR Protocol error: '

# (name, bytes, expected start of the answer or None for any, state of the connection afterwards)
TABLE = [
    ('multibulk count is no number', b'*abc\r\n', PROTOCOL + b'invalid multibulk length\r\n', CLOSED),
    ('multibulk count is a float', b'*1.5\r\n', PROTOCOL + b'invalid multibulk length\r\n', CLOSED),
    ('multibulk count overflows', b'*99999999999999999999\r\n', PROTOCOL + b'invalid multibulk length\r\n', CLOSED),
    ('multibulk count above int', b'*3000000000\r\n', PROTOCOL + b'invalid multibulk length\r\n', CLOSED),
    ('multibulk count is empty', b'*\r\n', PROTOCOL + b'invalid multibulk length\r\n', CLOSED),
    ('multibulk count never ends', b'*' + b'1' * 70000, PROTOCOL + b'too big mbulk count string\r\n', CLOSED),
    ('bulk length never ends', b'*1\r\n$' + b'1' * 70000, PROTOCOL + b'too big bulk count string\r\n', CLOSED),
    ('inline request never ends', b'A' * 70000, PROTOCOL + b'too big inline request\r\n', CLOSED),
    ('bulk without dollar', b'*1\r\nPING\r\n', PROTOCOL + b"expected '$', got 'P'\r\n", CLOSED),
    ('integer as argument', b'*2\r\n$3\r\nGET\r\n:1\r\n', b'$-1\r\n', OPEN),
    ('null as argument', b'*2\r\n$3\r\nGET\r\n_\r\n', b"-ERR 'GET' takes no typed values\r\n", OPEN),
    ('typed command name', b'*1\r\n+PING\r\n', PROTOCOL + b"expected '$', got '+'\r\n", CLOSED),
    ('push as argument', b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n>1\r\n:1\r\n', PROTOCOL + b"expected '$', got '>'\r\n", CLOSED),
    ('push within an argument', b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n*1\r\n>0\r\n', PROTOCOL + b'push or attribute in a request\r\n', CLOSED),
    ('broken typed argument', b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n%x\r\n', PROTOCOL + b'invalid typed value\r\n', CLOSED),
    ('typed argument never ends', b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n+' + b'1' * 70000, PROTOCOL + b'too big line in a typed value\r\n', CLOSED),
    ('deep typed argument', b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n' + b'*1\r\n' * 200 + b':1\r\n', b'-ERR recursion limit exceeded\r\n', OPEN),
    ('bottomless typed argument', b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n' + b'*1\r\n' * 3000, PROTOCOL + b'typed value nested too deep\r\n', CLOSED),
    ('binary type byte', b'*1\r\n\x01\r\n', PROTOCOL + b"expected '$', got '\x01'\r\n", CLOSED),
    ('line end as type byte', b'*1\r\n\r\n\r\n', PROTOCOL + b"expected '$', got ' '\r\n", CLOSED),
    ('nested array', b'*1\r\n' * 1000, PROTOCOL + b"expected '$', got '*'\r\n", CLOSED),
    ('bulk length is no number', b'*1\r\n$abc\r\n', PROTOCOL + b'invalid bulk length\r\n', CLOSED),
    ('bulk length is negative', b'*2\r\n$3\r\nGET\r\n$-1\r\n', PROTOCOL + b'invalid bulk length\r\n', CLOSED),
    ('bulk length above proto-max-bulk-len', b'*2\r\n$3\r\nGET\r\n$536870913\r\n', PROTOCOL + b'invalid bulk length\r\n', CLOSED),
    ('bulk length overflows', b'*1\r\n$9223372036854775808\r\n', PROTOCOL + b'invalid bulk length\r\n', CLOSED),
    ('unbalanced double quotes', b'SET a "b\r\n', PROTOCOL + b'unbalanced quotes in request\r\n', CLOSED),
    ('unbalanced single quotes', b"SET a 'b\r\n", PROTOCOL + b'unbalanced quotes in request\r\n', CLOSED),
    ('text after a closing quote', b'SET a "b"c\r\n', PROTOCOL + b'unbalanced quotes in request\r\n', CLOSED),
    ('error after good commands', b'*1\r\n$4\r\nPING\r\n*1\r\n$x\r\n', b'+PONG\r\n' + PROTOCOL + b'invalid bulk length\r\n', CLOSED),
    ('nothing is executed after an error', b'*1\r\n$x\r\n*3\r\n$3\r\nSET\r\n$4\r\nevil\r\n$1\r\n1\r\n', PROTOCOL + b'invalid bulk length\r\n', CLOSED),
    ('an HTTP POST', b'POST / HTTP/1.1\r\nHost: x\r\n\r\nSET evil 1\r\n', b'', CLOSED),
    ('an HTTP GET', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', None, CLOSED),
    ('zero arguments', b'*0\r\n*1\r\n$4\r\nPING\r\n', b'+PONG\r\n', OPEN),
    ('negative count', b'*-5\r\n*1\r\n$4\r\nPING\r\n', b'+PONG\r\n', OPEN),
    ('empty lines', b'\r\n\r\n\n\nPING\r\n', b'+PONG\r\n', OPEN),
    ('inline with line feed only', b'PING\n', b'+PONG\r\n', OPEN),
    ('inline with escapes', b'ECHO "\\x41\\n\\"" \r\n', b'$3\r\nA\n"\r\n', OPEN),
    ('empty command name', b'*1\r\n$0\r\n\r\n', b"-ERR unknown command '', with args beginning with: \r\n", OPEN),
    ('line breaks in a command name', b'*1\r\n$8\r\nA\r\nB\x00C\xff\n\r\n', b"-ERR unknown command 'A  B", OPEN),
    ('line breaks in an error text', b'*2\r\n$3\r\nFOO\r\n$4\r\na\r\nb\r\n', b"-ERR unknown command 'FOO', with args beginning with: 'a  b' \r\n", OPEN),
    ('a long unknown command is cut in the error', b'*1\r\n$1000\r\n' + b'x' * 1000 + b'\r\n', b"-ERR unknown command '" + b'x' * 128 + b"', with", OPEN),
    ('wrong arity', b'GET\r\n', b"-ERR wrong number of arguments for 'get' command\r\n", OPEN),
    ('unknown subcommand', b'CLIENT nosuch\r\n', b"-ERR unknown subcommand 'nosuch'. Try CLIENT HELP.\r\n", OPEN),
    ('unsupported protocol', b'HELLO 99\r\n', b'-NOPROTO unsupported protocol version\r\n', OPEN),
    ('a count beyond the range', b'HRANDFIELD h -9223372036854775808 WITHVALUES\r\n', b'-ERR value is out of range', OPEN),
    ('SETRANGE beyond the limit', b'SETRANGE k 536870912 x\r\n', b'-ERR string exceeds maximum allowed size', OPEN),
    ('numkeys beyond the arguments', b'EVAL "return 1" 5 a\r\n', b"-ERR Number of keys can't be greater than number of args\r\n", OPEN),
    ('deeply nested JSON in a script', resp.encode([b'EVAL', b'return cjson.decode(string.rep("[",100000))', b'0']),
     b'-ERR user_script:1: Found too many nested data structures (1001)', OPEN),
    ('endless recursion in a script', b'EVAL "local function f() return 1+f() end return f()" 0\r\n', b'-ERR user_script:1: stack overflow', OPEN),
    ('a table that holds itself as reply', b'EVAL "local t={} t[1]=t return t" 0\r\n', b'*1\r\n*1\r\n', OPEN),
]


def exchange(server, data, wanted, timeout=10.0):
    """Sends and reads until `wanted` bytes came, the peer closed, or nothing came for a moment. -> (answer, closed)"""
    with socket.create_connection(('127.0.0.1', server.port), timeout=timeout) as client:
        try:
            client.sendall(data)
        except OSError:
            pass
        answer = b''
        try:
            while len(answer) < wanted:
                got = client.recv(65536)
                if not got:
                    return answer, True
                answer += got
            client.settimeout(0.3)
            while got := client.recv(65536):
                answer += got
            return answer, True
        except (TimeoutError, socket.timeout):
            return answer, False
        except ConnectionResetError:
            return answer, True


def table_case(server, data, expected, state):
    answer, closed = exchange(server, data, max(1, len(expected or b'')))
    assert expected is None or (answer.startswith(expected) and (expected or not answer)), f'answer {answer[:300]!r}, expected {expected[:300]!r}'
    assert closed == (state == CLOSED), f'connection is {"closed" if closed else "open"} afterwards'


def nothing_happened(server):
    assert server.connect().call('EXISTS', 'evil') == 0, 'a command after a protocol error was executed'


def byte_by_byte(server):
    """Every split of a pipeline gives the same answers."""
    data = resp.encode([b'SET', b'split', b'v\r\n$1']) + b'GET split\r\n' + resp.encode([b'ECHO', b'']) + resp.encode([b'GET', b'split'])
    expected = b'+OK\r\n' + b'$5\r\nv\r\n$1\r\n' + b'$0\r\n\r\n' + b'$5\r\nv\r\n$1\r\n'
    for cut in range(1, len(data)):
        connection = server.connect(timeout=10)
        connection.socket.sendall(data[:cut])
        connection.socket.sendall(data[cut:])
        answer = b''
        while len(answer) < len(expected):
            got = connection.socket.recv(4096)
            assert got, f'closed after {answer!r} at cut {cut}'
            answer += got
        assert answer == expected, f'cut {cut}: {answer!r}'
        connection.close()


def unauthenticated(server):
    """Before AUTH a request may be ten arguments of 16 KB."""
    for data, expected in ((b'*11\r\n', PROTOCOL + b'unauthenticated multibulk length\r\n'), (b'*1\r\n$16385\r\n', PROTOCOL + b'unauthenticated bulk length\r\n')):
        answer, closed = exchange(server, data, len(expected))
        assert answer == expected and closed, f'{answer!r}, closed {closed}'
    answer, _ = exchange(server, b'GET a\r\n', 1)
    assert answer == b'-NOAUTH Authentication required.\r\n', repr(answer)


def garbage(server, seed=11):
    """Damaged requests: bits flipped, parts dropped, doubled or random. Only survival is asked."""
    rng = random.Random(seed)
    good = [resp.encode(c) for c in ([b'SET', b'g', b'1'], [b'LRANGE', b'l', b'0', b'-1'], [b'EVAL', b'return 1', b'0'], [b'HELLO', b'3'],
                                     [b'MULTI'], [b'EXEC'], [b'ZADD', b'z', b'1', b'a'], [b'SUBSCRIBE', b'c'], [b'CLIENT', b'LIST'])]
    for _ in range(1500):
        data = bytearray(b''.join(rng.choices(good, k=rng.randrange(1, 6))))
        for _ in range(rng.randrange(1, 5)):
            roll, at = rng.randrange(4), rng.randrange(len(data))
            if roll == 0:
                data[at] = rng.randrange(256)
            elif roll == 1:
                del data[at:at + rng.randrange(1, 8)]
            elif roll == 2:
                data[at:at] = data[at:at + rng.randrange(1, 20)]
            else:
                data[at:at] = rng.randbytes(rng.randrange(1, 12))
            if not data:
                break
        with socket.create_connection(('127.0.0.1', server.port), timeout=10) as client:
            if rng.random() < 0.3:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            try:
                client.sendall(bytes(data))
                client.settimeout(0.001)
                client.recv(4096)
            except OSError:
                pass
    assert server.responsive(), f'no answer after damaged requests (seed {seed})'
