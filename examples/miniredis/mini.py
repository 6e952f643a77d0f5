#!/usr/bin/python3
"""A client of the mini-Redis port in one file, without dependencies.

    tusk-server --miniredis-port 31337
    examples/miniredis/mini.py [port]

str is text, bytes is bytes, and None, int, float, list, dict and set are what they are, nested as deep as you like:

    db = Mini()
    db.set('user', {'name': 'Ada', 'tags': ['x', 1.5, None]})
    db.get('user')['tags']                   # any command is a method
    db.pipeline([('INCR', 'hits')] * 1000)   # one round trip
"""
import socket
import sys


class Error(Exception):
    """What the server answered instead of a value; within a value it is returned, not raised."""

    def __eq__(self, other):
        return isinstance(other, Error) and self.args == other.args

    __hash__ = Exception.__hash__


def encode(value):
    if value is None:
        return b'$-1\r\n'
    if isinstance(value, bytes):
        return b'$%d\r\n%s\r\n' % (len(value), value)
    if isinstance(value, str):
        data = value.encode()
        return b'^%d\r\n%s\r\n' % (len(data), data)
    if isinstance(value, float):
        text = repr(value)
        if '.' not in text and 'e' in text:
            text = text.replace('e', '.0e')
        return b':%s\r\n' % text.encode()
    if isinstance(value, int):
        return b':%d\r\n' % value
    if isinstance(value, Error):
        return b'-%s\r\n' % str(value).encode()
    if isinstance(value, dict):
        return b'%%%d\r\n' % len(value) + b''.join(encode(key) + encode(item) for key, item in value.items())
    if isinstance(value, (set, frozenset)):
        return b'&%d\r\n' % len(value) + b''.join(map(encode, value))
    if isinstance(value, (list, tuple)):
        return b'*%d\r\n' % len(value) + b''.join(map(encode, value))
    raise TypeError(f'no value of the protocol: {value!r}')


def request(name, *arguments):
    return b'*%d\r\n' % (len(arguments) + 1) + encode(name.encode()) + b''.join(map(encode, arguments))


class Mini:
    def __init__(self, host='127.0.0.1', port=31337, timeout=30):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile('rb')

    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        return lambda *arguments: self.execute(name.upper(), *arguments)

    def execute(self, name, *arguments):
        reply = self.pipeline([(name, *arguments)])[0]
        if isinstance(reply, Error):
            raise reply
        return reply

    def pipeline(self, commands):
        """Their replies, errors among them, for one round trip."""
        self.socket.sendall(b''.join(request(*command) for command in commands))
        return [self._read() for _ in commands]

    def close(self):
        self.reader.close()
        self.socket.close()

    def _read(self):
        line = self.reader.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('the server closed the connection')
        kind, rest = line[:1], line[1:-2]
        if kind == b':':
            return float(rest) if b'.' in rest else int(rest)
        if kind == b'-':
            return Error(rest.decode())
        if kind in b'$^':
            if rest == b'-1':
                return None
            data = self.reader.read(int(rest) + 2)[:-2]
            return data if kind == b'$' else data.decode()
        if kind == b'%':
            return {self._read(): self._read() for _ in range(int(rest))}
        items = [self._read() for _ in range(int(rest))]
        return items if kind == b'*' else set(items)


def main():
    db = Mini(port=int(sys.argv[1]) if len(sys.argv) > 1 else 31337)
    db.set('user', {'name': 'Ada', 'tags': ['x', 1.5, None], 'seen': {1, 2}})
    print('a nested value:', db.get('user'))
    db.rpush('jobs', {'task': 'mail', 'to': ['a@example.org']}, b'\x00bytes', 'text')
    print('a queue:', db.lrange('jobs', 0), 'of', db.llen('jobs'))
    db.hset('settings', 'retries', 3)
    print('a dict:', db.hincrby('settings', 'retries'), db.hgetall('settings'))
    print('1000 increments at once:', db.pipeline([('INCR', 'hits')] * 1000)[-1])
    try:
        db.incr('user')
    except Error as error:
        print('an error:', error)


if __name__ == '__main__':
    main()
