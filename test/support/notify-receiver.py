"""Prints what is sent to a Unix datagram socket: a JSON string a line, an empty one as soon as it can be sent to."""
import json
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
text = ""
while True:
    print(json.dumps(text), flush=True)
    # File descriptors that come along are closed, which tells systemd-notify that we have got so far.
    text = receiver.recv(65536).decode()
