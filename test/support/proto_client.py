"""A client of the gateway that knows schemas/wire/interview.proto and nothing else of this repository.

It reads the messages' fields out of that file, and speaks to the room with the standard library alone:
    python3 proto_client.py PROTO_FILE HOST PORT PATH_AND_QUERY SESSION SECONDS
It streams so many seconds, waits for their acks, ends the track, and prints what it was told as JSON.
"""

import base64
import json
import os
import re
import socket
import struct
import sys


def parse_proto(text):
    """Message name -> field number -> (name, kind, label)."""
    text = re.sub(r"//[^\n]*", "", text)
    messages = {}
    for name, body in re.findall(r"message (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}", text):
        fields = {}
        for label, kind, field, number in re.findall(r"(?:(optional|repeated) )?(\w+) (\w+) = (\d+);", body):
            fields[int(number)] = (field, kind, label)
        messages[name] = fields
    return messages


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(messages, name, value):
    out = b""
    for number, (field, kind, label) in messages[name].items():
        if field not in value:
            continue
        for each in value[field] if label == "repeated" else [value[field]]:
            if kind in ("uint32", "uint64", "int64", "bool"):
                out += varint(number << 3) + varint(int(each))
            elif kind == "double":
                out += varint(number << 3 | 1) + struct.pack("<d", each)
            else:
                if kind == "string":
                    data = each.encode()
                else:
                    data = each if kind == "bytes" else encode(messages, kind, each)
                out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def decode(messages, name, data):
    value, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            raw, at = read_varint(data, at)
        elif tag & 7 == 1:
            raw, at = struct.unpack("<d", data[at : at + 8])[0], at + 8
        else:
            length, at = read_varint(data, at)
            raw, at = data[at : at + length], at + length
        field, kind, label = messages[name][tag >> 3]
        if kind == "string":
            raw = raw.decode()
        elif kind in messages:
            raw = decode(messages, kind, raw)
        if label == "repeated":
            value.setdefault(field, []).append(raw)
        else:
            value[field] = raw
    return value


class Socket:
    def __init__(self, host, port, path):
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-key: {key}\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: roomtone.v1.proto\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")
        head = []
        while (line := self.file.readline().strip()):
            head.append(line.decode())
        if " 101 " not in head[0] or "sec-websocket-protocol: roomtone.v1.proto" not in [h.lower() for h in head]:
            raise SystemExit("no upgrade: " + " | ".join(head))

    def send(self, data, opcode=2):
        mask = os.urandom(4)
        length = len(data)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | length]) if length < 126 else bytes([0xFE]) + struct.pack(">H", length)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def receive(self):
        """The next binary message; None at the end."""
        while True:
            first, second = self.file.read(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack(">H", self.file.read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.file.read(8))[0]
            data = self.file.read(length)
            if first & 15 == 8:
                return None
            if first & 15 == 9:
                self.send(data, 10)
            elif first & 15 == 2:
                return data


def main(proto, host, port, path, session, seconds):
    with open(proto, encoding="utf-8") as file:
        messages = parse_proto(file.read())
    room = Socket(host, port, path)

    def send(**message):
        room.send(encode(messages, "ClientMessage", message))

    def receive(kind):
        while True:
            data = room.receive()
            if data is None:
                raise SystemExit(f"closed before {kind}")
            message = decode(messages, "RoomMessage", data)
            if "error" in message:
                raise SystemExit(json.dumps(message["error"]))
            if kind in message:
                return message[kind]

    audio = {"sample_rate": 16000, "channels": 1, "format": "pcm_s16le"}
    send(hello=audio)
    ready = receive("ready")
    acks = []
    for seq in range(1, int(seconds) + 1):
        content = struct.pack("<16000h", *((seq * 100 + n) % 2000 for n in range(16000)))
        chunk = {**audio, "meeting_id": session, "seq": seq, "timestamp_ms": 1.76e12 + seq * 1000, "content": content}
        send(chunk=chunk)
        acks.append(receive("ack"))
    send(status={})
    status = receive("status")
    send(end={"last_seq": int(seconds)})
    ended = receive("ended")
    print(json.dumps({"ready": ready, "acks": acks, "status": status, "ended": ended}))


main(*sys.argv[1:])
