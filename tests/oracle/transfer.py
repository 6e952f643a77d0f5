"""Payloads of DUMP: type and value as in an RDB file, two bytes of RDB version, eight bytes of CRC-64."""
import struct

POLYNOMIAL = 0x95ac9329ac4bc9b5  # Jones, reflected
TABLE = []
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = (_value >> 1) ^ (POLYNOMIAL if _value & 1 else 0)
    TABLE.append(_value)
OLD_VERSION, OLD_TYPE_MAX = 10, 19  # Redis 7.0's RDB


def crc64(data):
    value = 0
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ (value >> 8)
    return value


def sealed(body, version):
    body += struct.pack('<H', version)
    return body + struct.pack('<Q', crc64(body))


def for_older(payload):
    """The same value under the version of Redis 7.0; None when its type is younger."""
    return sealed(payload[:-10], OLD_VERSION) if payload[0] <= OLD_TYPE_MAX else None


def broken(payload, number):
    """One bit turned over, which one follows from the number."""
    at = number * 7919 % (len(payload) * 8)
    return payload[:at // 8] + bytes([payload[at // 8] ^ (1 << at % 8)]) + payload[at // 8 + 1:]


assert crc64(b'123456789') == 0xe9c6d914c4b8d9ca
