"""A small RESP2/RESP3 client for the test rigs: pipelines, typed replies, raw bytes.

Replies keep the wire type, because the rigs compare types as well as values:
  bulk string -> bytes            integer -> int            array -> list
  simple string -> Tagged('+')    error -> Tagged('-')      double, boolean, big number, verbatim -> Tagged
  set -> Tagged('~', list)        map -> Tagged('%', list of pairs)      push -> Tagged('>', list)
  nulls stay apart: NULL_BULK ($-1), NULL_ARRAY (*-1), NULL (_)
Not thread-safe: one connection belongs to one thread.
"""
import socket


class Tagged(tuple):
    """(type byte as str, value); equal only to a reply of the same wire type."""
    __slots__ = ()

    def __new__(cls, tag, value):
        return tuple.__new__(cls, (tag, value))

    tag = property(lambda self: self[0])
    value = property(lambda self: self[1])


NULL_BULK = Tagged('$', None)
NULL_ARRAY = Tagged('*', None)
NULL = Tagged('_', None)


class Closed(Exception):
    """The peer closed or reset the connection."""


def is_error(reply):
    return type(reply) is Tagged and reply[0] == '-'


def is_null(reply):
    return type(reply) is Tagged and reply[1] is None


def to_bytes(arg):
    if isinstance(arg, bytes):
        return arg
    return str(arg).encode()


def encode(args):
    out = [b'*%d\r\n' % len(args)]
    for arg in args:
        out.append(b'$%d\r\n%b\r\n' % (len(arg), arg))
    return b''.join(out)


class Connection:
    """One blocking connection. `call` is one command, `pipeline` is many with one write."""

    def __init__(self, port, host='127.0.0.1', timeout=30.0):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''
        self.at = 0

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def has_bytes(self):
        return self.at < len(self.buffer)

    def send_raw(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def send(self, *args):
        self.send_raw(encode([to_bytes(a) for a in args]))

    def call(self, *args):
        self.send(*args)
        return self.read()

    def pipeline(self, commands):
        """Sends commands (lists of bytes) and returns as many replies.

        The replies of one chunk are read before the next is written, so that neither side's socket buffer can fill up
        while both write.
        """
        replies = []
        for start in range(0, len(commands), 128):
            chunk = commands[start:start + 128]
            self.send_raw(b''.join(map(encode, chunk)))
            replies.extend(self.read() for _ in chunk)
        return replies

    def _fill(self):
        try:
            data = self.socket.recv(262144)
        except ConnectionResetError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed('end of stream')
        self.buffer = self.buffer[self.at:] + data
        self.at = 0

    def _line(self):
        while True:
            end = self.buffer.find(b'\r\n', self.at)
            if end >= 0:
                line = self.buffer[self.at:end]
                self.at = end + 2
                return line
            self._fill()

    def _exact(self, size):
        while len(self.buffer) - self.at < size + 2:
            self._fill()
        data = self.buffer[self.at:self.at + size]
        self.at += size + 2
        return data

    def read(self):
        line = self._line()
        kind = line[:1]
        if kind == b'$':
            size = int(line[1:])
            return self._exact(size) if size >= 0 else NULL_BULK
        if kind == b':':
            return int(line[1:])
        if kind == b'*':
            count = int(line[1:])
            return [self.read() for _ in range(count)] if count >= 0 else NULL_ARRAY
        return self._rare(kind, line[1:])

    def _rare(self, kind, rest):
        tag = kind.decode('latin1')
        if tag in '+-,#(':
            return Tagged(tag, rest)
        if tag == '_':
            return NULL
        if tag in '~>':
            return Tagged(tag, [self.read() for _ in range(int(rest))])
        if tag == '%':
            return Tagged(tag, [(self.read(), self.read()) for _ in range(int(rest))])
        if tag == '=':
            return Tagged(tag, self._exact(int(rest)))
        if tag == '|':
            for _ in range(2 * int(rest)):
                self.read()
            return self.read()
        raise ValueError(f'not RESP: {kind + rest!r}')


def show(reply, limit=400):
    """One line for people: close to redis-cli's notation, nested with brackets."""
    text = _show(reply)
    return text if len(text) <= limit else text[:limit] + f'… ({len(text)} characters)'


def quote(data):
    out = []
    for byte in data:
        char = chr(byte)
        if char in '"\\':
            out.append('\\' + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append({10: '\\n', 13: '\\r', 9: '\\t'}.get(byte, '\\x%02x' % byte))
    return '"' + ''.join(out) + '"'


def _show(reply):
    if isinstance(reply, bytes):
        return quote(reply)
    if isinstance(reply, int):
        return f'(integer) {reply}'
    if isinstance(reply, Tagged):
        tag, value = reply
        if value is None:
            return {'$': '(nil)', '*': '(nil array)', '_': '(null)'}[tag]
        if tag == '%':
            return '%{' + ', '.join(f'{_show(k)}: {_show(v)}' for k, v in value) + '}'
        if isinstance(value, list):
            return tag + '[' + ', '.join(map(_show, value)) + ']'
        return tag + (value.decode('latin1') if tag in '+-,#(' else quote(value))
    if isinstance(reply, (list, tuple)):
        return '[' + ', '.join(map(_show, reply)) + ']'
    return repr(reply)


def show_command(args):
    """A command as one would type it into redis-cli."""
    plain = b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:.*+/=[]('
    words = []
    for arg in args:
        words.append(arg.decode() if arg and all(c in plain for c in arg) else quote(arg))
    return ' '.join(words)
