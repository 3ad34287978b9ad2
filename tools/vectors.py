#!/usr/bin/env python3
"""Make the test vectors of PROTOCOL.md, independently of any implementation.

    python3 tools/vectors.py OUTDIR     write OUTDIR/positive.json,
                                        negative.json, order.json and
                                        accepted.json
    python3 tools/vectors.py --example  print the worked example, section 9

Written from PROTOCOL.md alone. Every HMAC and AES operation is done by the
`openssl` command (OpenSSL 3); keys, IVs and times are constants, so that every
run writes the same bytes. Section numbers below are those of PROTOCOL.md.
"""

import argparse
import base64
import functools
import ipaddress
import json
import pathlib
import subprocess
import sys

MINUTE_MS = 60000


def counting(first, length=32):
    """Return the bytes first, first + 1, ...: obviously not a real key."""
    return bytes((first + i) % 256 for i in range(length))


# The server, its clients and the packet that all cases start from.
SERVER = "gate.example.org"
OTHER_SERVER = "gate.example.net"
GATE_KEY = counting(0x00)
OTHER_GATE_KEY = counting(0x80)
SEEDS = {"alice": counting(0x20), "bob": counting(0x40),
         "carol": counting(0x60)}
STRANGER = counting(0xA0)
NOW = 1767225625500                  # 2026-01-01 00:00:25.5 UTC
M = NOW // MINUTE_MS
BASE = {
    "serverId": SERVER,
    "gateKey": GATE_KEY,
    "seed": SEEDS["alice"],
    "actionCode": 21,
    "durationSeconds": 30,
    "address": "192.0.2.7",
    "argument": "example",
    "timeMs": NOW,
    "iv": counting(0xC0, 16),
    "blocks": 5,
}
VERIFIER = {
    "serverId": SERVER,
    "gateKey": GATE_KEY,
    "delta": 2,
    "nowMs": NOW,
    "floor": 0,
    "seen": [],
    "actionCodes": [0, 21, 65535],
    "clients": [{"name": n, "seed": s} for n, s in SEEDS.items()],
}


# --- Primitives (section 1) ---

@functools.lru_cache(maxsize=None)
def openssl(*arguments, data):
    """Run the openssl command with `data` on stdin and return its output."""
    try:
        done = subprocess.run(("openssl",) + arguments, input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        sys.exit("vectors.py: cannot run the openssl command: %s."
                 % error.strerror)
    if done.returncode:
        sys.exit("vectors.py: `openssl %s` failed; OpenSSL 3 or newer is "
                 "needed." % arguments[0])
    return done.stdout


def hmac(digest, key, data):
    """HMAC with the digest SHA256 or SHA512."""
    return openssl("mac", "-digest", digest, "-macopt", "hexkey:" + key.hex(),
                   "-binary", "HMAC", data=data)


def aes_cbc(key, iv, data, *options):
    """AES-256-CBC encryption, PKCS#7-padded unless "-nopad" is an option."""
    return openssl("enc", "-aes-256-cbc", "-K", key.hex(), "-iv", iv.hex(),
                   *options, data=data)


def u8(number):
    return number.to_bytes(1, "big")


def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


# --- Keys and what is derived from them (section 3) ---

def info(label, server_id):
    """What HKDF-Expand is told: label, zero byte, server id (section 3)."""
    return label.encode("ascii") + u8(0) + server_id.encode("ascii")


def expand(secret, label, server_id):
    """The first block of HKDF-Expand with SHA-512 (section 3)."""
    return hmac("SHA512", secret, info(label, server_id) + u8(1))


def gate(key, minute):
    return hmac("SHA256", key, u64(minute))[:4]


def locator(key, minute, code):
    return hmac("SHA256", key, u64(minute) + u16(code))[:8]


def password(key, minute):
    return hmac("SHA256", key, u64(minute))[:16]


# --- Message and packet (sections 4 to 6) ---

def address_bytes(text):
    """The 16 bytes of an address, "" being the datagram's source."""
    if not text:
        return bytes(16)
    address = ipaddress.ip_address(text)
    if address.version == 4:
        return bytes(10) + b"\xff\xff" + address.packed
    return address.packed


FIELDS = ("password", "version", "flags", "code", "duration", "time",
          "address", "length", "argument", "fill")


def seal(request, **faults):
    """Seal a packet (section 6); return every value on the way by its name.

    A fault is a function that replaces the value of its name. All later steps
    use the replaced value: the rest of the packet is sealed around the fault.
    """
    values = {}

    def put(name, value):
        if name in faults:
            value = faults[name](value)
        values[name] = value
        return value

    server, seed = request["serverId"], request["seed"]
    k_gate = put("K_gate", expand(request["gateKey"], "bouncer/1 gate",
                                  server))
    k_locator = put("K_locator", expand(seed, "bouncer/1 locator", server))
    k_password = put("K_password", expand(seed, "bouncer/1 password", server))
    k_packet = put("K_packet", expand(seed, "bouncer/1 packet", server))
    k_mac = put("K_mac", k_packet[:32])
    k_enc = put("K_enc", k_packet[32:])

    code, time, iv = request["actionCode"], request["timeMs"], request["iv"]
    minute = put("minute", time // MINUTE_MS)

    put("password", password(k_password, minute))
    put("version", u8(1))
    put("flags", u8(0))
    put("code", u16(code))
    put("duration", u32(request["durationSeconds"]))
    put("time", u64(time))
    put("address", address_bytes(request["address"]))
    argument = put("argument", request["argument"].encode("utf-8"))
    put("length", u8(len(argument)))
    put("fill", bytes(16 * request["blocks"] - 50 - len(argument)))
    message = put("message", b"".join(values[name] for name in FIELDS))

    head = put("head", put("gate", gate(k_gate, minute))
               + put("locator", locator(k_locator, minute, code)))
    if "padding" in faults:
        ciphertext = aes_cbc(k_enc, iv, message + put("padding", b"\x01"),
                             "-nopad")
    else:
        ciphertext = aes_cbc(k_enc, iv, message)
    put("ciphertext", ciphertext)
    data = put("associatedData", info("bouncer/1 packet", server) + u8(0)
               + head)
    bits = put("AL", u64(8 * len(data)))
    mac = put("mac", hmac("SHA512", k_mac, data + iv + ciphertext + bits))
    tag = put("tag", mac[:32])
    packet = put("packet", head + iv + ciphertext + tag)
    put("base64", base64.b64encode(packet).decode("ascii"))

    assert not set(faults) - set(values), "a fault without a value"
    return values


# --- Faults ---

def to(value):
    """The fault that puts `value` in place of the right one."""
    return lambda _: value


def flip(position, bit=0):
    """The fault that flips one bit of the byte at `position`."""
    def change(value):
        changed = bytearray(value)
        changed[position] ^= 1 << bit
        return bytes(changed)
    return change


# --- positive.json: what section 6 gives for an input ---

ARGUMENT_64 = "aä€😀" * 6 + "😀"      # characters of 1 to 4 bytes, 64 in all
ID_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ.abcdefghijklmnopqrstuvwxyz_123456789-"


def positive_cases():
    """Yield the name, the description and the changes to BASE of each."""
    yield "base", "the packet of section 9", {}
    for name, what, time in (
            ("first-ms", "first millisecond of a minute", M * MINUTE_MS),
            ("last-ms", "last millisecond of it", M * MINUTE_MS + 59999),
            ("next", "one millisecond later", (M + 1) * MINUTE_MS)):
        yield "minute-" + name, "minute boundary: " + what, {"timeMs": time}
    yield "minute-0", "the first millisecond of 1970", {"timeMs": 0}
    yield ("minute-1-last-ms", "early minute, its last millisecond",
           {"timeMs": 119999})
    yield ("minute-2100", "2100-01-01, beyond 2^31 seconds",
           {"timeMs": 4102444800000})
    yield ("minute-2200", "2200-01-01, beyond 2^32 seconds",
           {"timeMs": 7258118400000})
    yield ("minute-beyond-u32", "minute 2^32 + 5, in the year 10136",
           {"timeMs": (2 ** 32 + 5) * MINUTE_MS + 1})
    for code in (0, 21, 255, 256, 65535):
        yield ("code-%d" % code, "action code %d" % code,
               {"actionCode": code})
    for client in ("bob", "carol"):
        yield ("client-" + client, "another client's seed",
               {"seed": SEEDS[client]})
    yield ("gate-key", "another gate key", {"gateKey": OTHER_GATE_KEY})
    yield "address-source", "no address", {"address": ""}
    yield "address-ipv4", "IPv4 address", {"address": "203.0.113.254"}
    yield "address-ipv6", "IPv6 address", {"address": "2001:db8::a:1"}
    yield ("address-ipv6-full", "IPv6 address without zero groups",
           {"address": "2001:db8:1:2:3:4:5:6"})
    yield "argument-none", "no argument", {"argument": ""}
    yield ("argument-ascii", "ASCII argument",
           {"argument": "web1 --port=443; $(x)"})
    yield ("argument-utf8-64", "UTF-8 of 1 to 4 bytes, 64 bytes in all",
           {"argument": ARGUMENT_64, "blocks": 20})
    yield ("argument-bom", "U+FEFF at the start is a part of the argument",
           {"argument": "\ufeffx"})
    yield ("argument-fills", "argument up to the last byte: no fill",
           {"argument": "fourteen bytes", "blocks": 4})
    for seconds in (0, 30, 2 ** 32 - 1):
        yield ("duration-%d" % seconds, "duration %d" % seconds,
               {"durationSeconds": seconds})
    yield ("smallest", "smallest packet, 124 bytes",
           {"argument": "", "blocks": 4})
    yield "largest", "largest packet, 508 bytes", {"blocks": 28}
    yield ("smallest-argument-15", "15 bytes of argument need 5 blocks",
           {"argument": "fifteen bytes!!", "blocks": 5})
    yield ("smallest-argument-64", "64 bytes of argument need 8 blocks",
           {"argument": ARGUMENT_64, "blocks": 8})
    yield "server-id-1", "server id of 1 byte", {"serverId": "s"}
    yield "server-id-64", "server id of 64 bytes", {"serverId": ID_64}


OUTPUTS = ("minute", "gate", "locator", "password", "message",
           "associatedData", "ciphertext", "tag", "packet", "base64")


def positive():
    """Seal the positive cases and show every value on the way."""
    cases = []
    for number, (name, description, changes) in enumerate(positive_cases()):
        request = {**BASE, "iv": counting(0xC0 + number, 16), **changes}
        values = seal(request)
        keys = {k: values["K_" + k]
                for k in ("gate", "locator", "password", "packet")}
        cases.append({"name": name, "description": description,
                      "input": request, "keys": keys,
                      **{output: values[output] for output in OUTPUTS}})
    return cases


# --- negative.json: one fault each, every reason of section 7 ---

def single_faults():
    """List what is wrong with each packet, in the order of section 7."""
    found = []

    def bad(reason, name, fault, request=(), verifier=(), **faults):
        found.append({"name": "%s-%s" % (reason, name), "fault": fault,
                      "reason": reason, "request": dict(request),
                      "verifier": dict(verifier), "faults": faults})

    honest = seal(BASE)
    smallest = {"argument": "", "blocks": 4}
    neighbours = (("before", M - 1), ("after", M + 1))

    bad("length", "0", "The datagram is empty.", packet=to(b""))
    bad("length", "1", "The datagram is the packet's first byte alone.",
        packet=lambda p: p[:1])
    bad("length", "123", "The smallest packet lacks its last byte.",
        smallest, packet=lambda p: p[:-1])
    bad("length", "125", "The smallest packet has one zero byte more.",
        smallest, packet=lambda p: p + b"\0")
    bad("length", "108", "The ciphertext has 3 blocks.",
        smallest, message=lambda m: m[:47])
    bad("length", "524", "The ciphertext has 29 blocks.",
        {"blocks": 28}, fill=lambda f: f + bytes(16))
    bad("length", "one-less", "The last byte of the packet is cut off.",
        packet=lambda p: p[:-1])
    bad("length", "one-more", "One zero byte is added to the packet.",
        packet=lambda p: p + b"\0")
    bad("length", "507", "The largest packet lacks its last byte.",
        {"blocks": 28}, packet=lambda p: p[:-1])
    bad("length", "509", "The largest packet has one zero byte more.",
        {"blocks": 28}, packet=lambda p: p + b"\0")

    bad("gate", "bit-first", "The first bit of the gate is flipped.",
        gate=flip(0, 7))
    bad("gate", "bit-last", "The last bit of the gate is flipped.",
        gate=flip(3))
    bad("gate", "bit-on-the-way",
        "A bit of the gate is flipped after sealing.", packet=flip(1, 4))
    for delta in (0, 2, 10):
        bad("gate", "too-old-delta-%d" % delta,
            "The packet is one minute older than the window of delta %d."
            % delta, {"timeMs": NOW - (delta + 1) * MINUTE_MS},
            {"delta": delta})
        bad("gate", "too-new-delta-%d" % delta,
            "The packet is one minute newer than the window of delta %d."
            % delta, {"timeMs": NOW + (delta + 1) * MINUTE_MS},
            {"delta": delta})
    bad("gate", "too-old-by-1-ms",
        "The verifier's clock is one millisecond past the window.",
        verifier={"nowMs": (M + 3) * MINUTE_MS})
    bad("gate", "too-new-by-1-ms",
        "The verifier's clock is one millisecond short of the window.",
        verifier={"nowMs": (M - 2) * MINUTE_MS - 1})
    bad("gate", "other-gate-key", "The gate key is another server's.",
        {"gateKey": OTHER_GATE_KEY})
    bad("gate", "other-server-id", "The packet is for another server id.",
        {"serverId": OTHER_SERVER})
    bad("gate", "seed", "The gate is computed from the client's seed.",
        K_gate=to(expand(SEEDS["alice"], "bouncer/1 gate", SERVER)))

    bad("locator", "bit-first", "The first bit of the locator is flipped.",
        locator=flip(0, 7))
    bad("locator", "bit-last", "The last bit of the locator is flipped.",
        locator=flip(7))
    bad("locator", "bit-on-the-way",
        "A bit of the locator is flipped after sealing.", packet=flip(9, 2))
    bad("locator", "unknown-client", "The verifier has no such seed.",
        {"seed": STRANGER})
    bad("locator", "unknown-code", "The verifier has no such action code.",
        {"actionCode": 22})
    for name, minute in neighbours:
        bad("locator", "minute-" + name,
            "The locator is of the minute %s the gate's, in the window too."
            % name,
            locator=to(locator(honest["K_locator"], minute, 21)))
        bad("locator", "gate-minute-" + name,
            "The gate is of the minute %s all the rest, in the window too."
            % name, gate=to(gate(honest["K_gate"], minute)))
    bad("locator", "other-server-id", "The locator is for another server id.",
        K_locator=to(expand(SEEDS["alice"], "bouncer/1 locator",
                            OTHER_SERVER)))

    bad("tag", "bit-iv", "A bit of the IV is flipped.", packet=flip(12))
    bad("tag", "bit-ciphertext-first",
        "The first bit of the ciphertext is flipped.", packet=flip(28, 7))
    bad("tag", "bit-ciphertext-last",
        "The last bit of the ciphertext is flipped.", packet=flip(-33))
    bad("tag", "bit-first", "The first bit of the tag is flipped.",
        tag=flip(0, 7))
    bad("tag", "bit-last", "The last bit of the tag is flipped.",
        tag=flip(31))
    bad("tag", "zero", "The tag is all zero.", tag=to(bytes(32)))
    bad("tag", "block-cut", "The last block of the ciphertext is cut out.",
        packet=lambda p: p[:-48] + p[-32:])
    bad("tag", "block-added", "A block is inserted before the tag.",
        packet=lambda p: p[:-32] + bytes(16) + p[-32:])
    bad("tag", "other-client",
        "Packet key and tag are of another client than the locator.",
        K_packet=to(expand(SEEDS["bob"], "bouncer/1 packet", SERVER)))
    bad("tag", "key-other-server-id",
        "The packet key is derived for another server id.",
        K_packet=to(expand(SEEDS["alice"], "bouncer/1 packet",
                           OTHER_SERVER)))
    bad("tag", "keys-swapped",
        "The MAC key and the encryption key are swapped.",
        K_packet=lambda k: k[32:] + k[:32])
    bad("tag", "data-other-server-id",
        "The associated data name another server id.",
        associatedData=lambda a: a.replace(SERVER.encode(),
                                           OTHER_SERVER.encode()))
    bad("tag", "data-without-head", "The associated data lack the head.",
        associatedData=lambda a: a[:-12])
    bad("tag", "head-other-code",
        "The locator is replaced by the same client's for another action.",
        packet=lambda p: p[:4] + locator(honest["K_locator"], M, 0) + p[12:])
    bad("tag", "without-length",
        "The tag is computed without the length of the associated data.",
        AL=to(b""))
    bad("tag", "length-in-bytes",
        "The tag is computed with that length in bytes instead of bits.",
        AL=lambda n: u64(int.from_bytes(n, "big") // 8))
    bad("tag", "second-half", "The tag is the HMAC's second half.",
        mac=lambda m: m[32:])

    bad("stale", "oldest",
        "The oldest minute of the window is one below the floor.",
        {"timeMs": NOW - 2 * MINUTE_MS}, {"floor": M - 1})
    bad("stale", "now", "The current minute is one below the floor.",
        verifier={"floor": M + 1})
    bad("stale", "clock-back",
        "The clock was stepped back: the floor is far ahead of the window.",
        verifier={"floor": M + 100000})

    bad("replay", "only", "The packet was accepted before.",
        verifier={"seen": lambda tag: [tag]})
    bad("replay", "among-others", "It was accepted before, among others.",
        verifier={"seen": lambda tag: [counting(1), flip(31)(tag), tag,
                                       bytes(32)]})
    bad("replay", "at-the-floor",
        "It was accepted before, and its minute is the floor.",
        verifier={"seen": lambda tag: [tag], "floor": M})

    wide = {"blocks": 6}
    bad("padding", "2", "The padding is 02 02.",
        fill=lambda f: f[:-1], padding=to(b"\x02\x02"))
    bad("padding", "15", "The padding is fifteen bytes 0f.",
        wide, fill=lambda f: f[:-14], padding=to(b"\x0f" * 15))
    bad("padding", "16", "The padding is a whole block of 10.",
        wide, fill=lambda f: f[:-15], padding=to(b"\x10" * 16))
    bad("padding", "00", "The last byte is 00, not a padding.",
        padding=to(b"\x00"))
    bad("padding", "11", "The last byte is 11 (hex), not a padding.",
        padding=to(b"\x11"))
    bad("padding", "ff", "The last byte is ff, not a padding.",
        padding=to(b"\xff"))
    bad("padding", "01-02", "The last bytes are 01 02, not a padding.",
        fill=lambda f: f[:-1], padding=to(b"\x01\x02"))

    for name, minute in neighbours:
        bad("password", "minute-" + name,
            "The password is that of the minute %s." % name,
            password=to(password(honest["K_password"], minute)))
    bad("password", "bit-first", "The first bit of the password is flipped.",
        password=flip(0, 7))
    bad("password", "bit-last", "The last bit of the password is flipped.",
        password=flip(15))
    bad("password", "other-client", "The password is another client's.",
        K_password=to(expand(SEEDS["bob"], "bouncer/1 password", SERVER)))

    for version in (0, 2, 255):
        bad("version", str(version), "The version is %d." % version,
            version=to(u8(version)))
    for bit in (0, 7):
        bad("flags", "bit-%d" % bit, "Flag bit %d is set." % bit,
            flags=to(u8(1 << bit)))
    for code in (0, 22, 0x1500):
        bad("code", str(code), "The message names action code %d, the locator "
            "21." % code, code=to(u16(code)))

    for name, time in (("before", M * MINUTE_MS - 1),
                       ("after", (M + 1) * MINUTE_MS)):
        bad("time", "1-ms-" + name, "The time of sealing is one millisecond "
            "%s the minute." % name, time=to(u64(time)))
    bad("time", "seconds", "The time of sealing is in seconds.",
        time=to(u64(NOW // 1000)))
    for bit in (32, 53, 63):
        bad("time", "bit-%d" % bit,
            "The time of sealing is 2^%d milliseconds too late." % bit,
            time=to(u64(NOW + 2 ** bit)))

    large = {"blocks": 28}
    for length in (65, 255):
        bad("argument", "length-%d" % length,
            "The argument is %d bytes long, all of them in the message."
            % length, large, argument=to(b"a" * length))
    for length, blocks in ((15, 4), (63, 7), (64, 7)):
        held = 16 * blocks - 50
        bad("argument", "length-%d-of-%d" % (length, held),
            "The length is %d, and the message ends after %d bytes."
            % (length, held), {"argument": "a" * held, "blocks": blocks},
            length=to(u8(length)))
    for name, text, fault in (
            ("continuation", b"a\x80", "a continuation byte alone"),
            ("cut", b"a\xe2\x82", "a sequence without its last byte"),
            ("overlong-2", b"\xc0\xaf", "an overlong sequence of 2 bytes"),
            ("overlong-3", b"\xe0\x80\xaf", "an overlong sequence of 3 bytes"),
            ("overlong-nul", b"\xc0\x80", "NUL as an overlong sequence"),
            ("surrogate", b"\xed\xa0\x80", "a surrogate, U+D800"),
            ("surrogates", b"\xed\xa0\xbd\xed\xb8\x80", "a surrogate pair"),
            ("beyond-10ffff", b"\xf4\x90\x80\x80", "a value above U+10FFFF"),
            ("latin-1", b"caf\xe9", "a byte e9 of ISO 8859-1"),
            ("ff", b"\xff", "a byte ff"),
            ("nul", b"\0", "NUL and nothing else"),
            ("nul-inside", b"a\0b", "a NUL between characters"),
            ("nul-last", b"a\0", "a NUL at its end")):
        bad("argument", name, "The argument has %s." % fault,
            argument=to(text))

    bad("fill", "first", "The first byte of the fill is 01.", fill=flip(0))
    bad("fill", "last", "The last byte of the fill is 01.", fill=flip(-1))
    bad("fill", "middle", "A byte in the middle of the fill is 80.",
        large, fill=flip(200, 7))
    bad("fill", "only", "The only byte of the fill is ff.",
        {"argument": "a" * 13, "blocks": 4}, fill=to(b"\xff"))
    bad("fill", "no-argument", "There is no argument but a fill of ASCII.",
        {"argument": ""}, fill=lambda f: b"example" + f[7:])
    return found


def rejected(bad):
    """The verifier and the packet of an item of single_faults()."""
    values = seal({**BASE, **bad["request"]}, **bad["faults"])
    verifier = {**VERIFIER, **bad["verifier"]}
    if callable(verifier["seen"]):
        verifier["seen"] = verifier["seen"](values["tag"])
    return {"verifier": verifier, "packet": values["packet"]}


def negative():
    """Make the packets to reject, in the order of section 7."""
    return [{"name": bad["name"], "fault": bad["fault"],
             "reason": bad["reason"], **rejected(bad)}
            for bad in single_faults()]


# --- order.json: two faults each, the earlier check gives the reason ---

NEIGHBOURS = (
    ("length-one-more", "gate-bit-first"),
    ("gate-other-gate-key", "locator-unknown-client"),
    ("locator-bit-on-the-way", "tag-bit-last"),
    ("tag-bit-first", "stale-now"),
    ("stale-now", "replay-only"),
    ("replay-only", "padding-2"),
    ("padding-00", "password-bit-first"),
    ("password-other-client", "version-2"),
    ("version-0", "flags-bit-7"),
    ("flags-bit-0", "code-0"),
    ("code-22", "time-seconds"),
    ("time-1-ms-after", "argument-nul"),
    ("argument-latin-1", "fill-last"),
    ("argument-length-65", "fill-last"),
)
DISTANT = (
    ("length-one-less", "tag-bit-iv"),
    ("length-one-more", "replay-only"),
    ("gate-bit-on-the-way", "tag-zero"),
    ("gate-too-old-delta-2", "stale-now"),
    ("gate-too-old-by-1-ms", "replay-only"),
    ("locator-unknown-client", "stale-now"),
    ("locator-unknown-code", "replay-only"),
    ("tag-bit-iv", "replay-only"),
    ("tag-bit-last", "padding-00"),
    ("tag-keys-swapped", "password-bit-first"),
    ("tag-zero", "fill-last"),
    ("stale-clock-back", "padding-ff"),
    ("stale-now", "fill-first"),
    ("replay-among-others", "password-minute-before"),
    ("replay-only", "time-seconds"),
    ("padding-11", "version-2"),
    ("padding-2", "argument-nul"),
    ("padding-01-02", "fill-first"),
    ("password-minute-after", "time-1-ms-after"),
    ("password-bit-last", "fill-last"),
    ("version-2", "code-22"),
    ("version-255", "fill-no-argument"),
    ("flags-bit-0", "argument-cut"),
    ("code-5376", "argument-nul"),
    ("time-bit-63", "fill-last"),
)


def chain(faults, more):
    """Both faults for every value, those of `more` after the others."""
    together = {**faults, **more}
    for name in set(faults) & set(more):
        first, then = faults[name], more[name]
        together[name] = lambda v, first=first, then=then: then(first(v))
    return together


def order():
    """Make the packets with two faults of negative.json at once."""
    cases = []
    named = {bad["name"]: bad for bad in single_faults()}
    for names in NEIGHBOURS + DISTANT:
        earlier, later = (named[name] for name in names)
        for part in ("request", "verifier"):
            assert not set(earlier[part]) & set(later[part]), names
        both = {"request": {**earlier["request"], **later["request"]},
                "verifier": {**earlier["verifier"], **later["verifier"]},
                "faults": chain(earlier["faults"], later["faults"])}
        cases.append({"name": "-and-".join(names), "faults": names,
                      "reason": earlier["reason"], **rejected(both)})
    return cases


# --- accepted.json: what passes every check of section 7 ---

def accepted_cases():
    """Yield the name and the changes to BASE and to VERIFIER of each."""
    yield "base", {}, {}
    for delta in (0, 1, 2, 10):
        for name, minutes in (("oldest", -delta), ("newest", delta)):
            yield ("delta-%d-%s" % (delta, name),
                   {"timeMs": NOW + minutes * MINUTE_MS}, {"delta": delta})
    yield ("clock-last-ms-of-the-window", {},
           {"nowMs": (M + 3) * MINUTE_MS - 1})
    yield ("clock-first-ms-of-the-window", {},
           {"nowMs": (M - 2) * MINUTE_MS})
    yield "sealed-first-ms", {"timeMs": M * MINUTE_MS}, {"delta": 0}
    yield "sealed-last-ms", {"timeMs": M * MINUTE_MS + 59999}, {"delta": 0}
    yield "floor-is-minute", {}, {"floor": M}
    yield ("floor-is-oldest", {"timeMs": NOW - 2 * MINUTE_MS},
           {"floor": M - 2})
    tag = seal(BASE)["tag"]
    yield ("seen-others", {"iv": BASE["iv"]},
           {"seen": [counting(1), flip(31)(tag), flip(0, 7)(tag)]})
    for client, seed in SEEDS.items():
        for code in VERIFIER["actionCodes"]:
            yield ("%s-%d" % (client, code),
                   {"seed": seed, "actionCode": code}, {})
    yield ("one-client-one-code", {"actionCode": 7},
           {"clients": VERIFIER["clients"][:1], "actionCodes": [7]})
    for name, both in (("other-gate-key", {"gateKey": OTHER_GATE_KEY}),
                       ("server-id-1", {"serverId": "s"}),
                       ("server-id-64", {"serverId": ID_64})):
        yield name, both, both
    yield "smallest", {"argument": "", "blocks": 4}, {}
    yield "largest", {"blocks": 28}, {}
    yield "no-fill", {"argument": "fourteen bytes", "blocks": 4}, {}
    yield "argument-64", {"argument": ARGUMENT_64, "blocks": 8}, {}
    yield "argument-bom", {"argument": "\ufeffx"}, {}
    yield ("argument-limits", {"argument": "\x01\x7f\u0080\u07ff\u0800\ud7ff"
                               "\ue000\ufffe\uffff\U00010000\U0010ffff"}, {})
    yield "address-source", {"address": ""}, {}
    yield "address-ipv6", {"address": "2001:db8::a:1"}, {}
    yield "duration-0", {"durationSeconds": 0}, {}
    yield "duration-max", {"durationSeconds": 2 ** 32 - 1}, {}
    yield "minute-0", {"timeMs": 0}, {"nowMs": 0}
    yield "minute-1", {"timeMs": 60000}, {"nowMs": 119999, "delta": 10}
    yield ("minute-2200", {"timeMs": 7258118400000},
           {"nowMs": 7258118400000})


def accepted():
    """Make the packets to accept."""
    cases = []
    names = {seed: name for name, seed in SEEDS.items()}
    for number, (name, sent, at) in enumerate(accepted_cases()):
        request = {**BASE, "iv": counting(0xC0 + number, 16), **sent}
        values = seal(request)
        cases.append({"name": name, "client": names[request["seed"]],
                      "actionCode": request["actionCode"],
                      "minute": values["minute"],
                      "verifier": {**VERIFIER, **at},
                      "packet": values["packet"]})
    return cases


# --- The worked example (section 9) ---

def block(*rows):
    """A fenced block of labelled values; bytes in lines of 64 hex digits."""
    width = max(len(label) for label, _ in rows) + 2
    lines = ["```"]
    for label, value in rows:
        if isinstance(value, bytes):
            digits = value.hex()
            value = [digits[i:i + 64] for i in range(0, len(digits), 64)]
        else:
            value = [str(value)]
        for part in value:
            lines.append(label.ljust(width) + part)
            label = ""
    return "\n".join(lines + ["```"])


def example():
    """The Markdown of section 9: BASE with every value on the way."""
    v = seal(BASE)
    keys = []
    for name, label in (("gate", "bouncer/1 gate"),
                        ("locator", "bouncer/1 locator"),
                        ("password", "bouncer/1 password"),
                        ("packet", "bouncer/1 packet")):
        keys += [("info", info(label, SERVER)),
                 ("K_" + name, v["K_" + name])]
    minute, key = u64(v["minute"]), v["K_gate"].hex()
    octal = "".join("\\%03o" % byte for byte in minute)
    labels = ("password", "version", "flags", "action code", "duration",
              "time of sealing", "address", "length L", "argument", "fill")
    return "\n".join((
        "Bytes are in hexadecimal, in lines of at most 64 digits. The inputs "
        "(section 6):",
        "",
        block(("server id", SERVER), ("gate key", BASE["gateKey"]),
              ("seed", BASE["seed"]), ("action code", BASE["actionCode"]),
              ("duration", BASE["durationSeconds"]),
              ("address", BASE["address"]), ("argument", BASE["argument"]),
              ("time", BASE["timeMs"]), ("IV", BASE["iv"]),
              ("blocks", BASE["blocks"])),
        "",
        "Keys (section 3), each after its *info*, to which `u8(1)` is "
        "appended:",
        "",
        block(*keys, ("K_mac", v["K_mac"]), ("K_enc", v["K_enc"])),
        "",
        "What the minute and the action code give:",
        "",
        block(("minute m", v["minute"]), ("u64(m)", minute),
              ("u16(c)", v["code"]), ("gate(m)", v["gate"]),
              ("locator(m, c)", v["locator"]),
              ("password(m)", v["password"])),
        "",
        "The message (section 5), field by field and as a whole:",
        "",
        block(*((label, v[name]) for label, name in zip(labels, FIELDS)),
              ("message", v["message"])),
        "",
        "The packet (section 6), and the same in base64:",
        "",
        block(("head", v["head"]), ("A", v["associatedData"]),
              ("u64(8 · |A|)", v["AL"]), ("IV", BASE["iv"]),
              ("ciphertext", v["ciphertext"]), ("tag", v["tag"]),
              ("packet", v["packet"])),
        "",
        "```", v["base64"], "```",
        "",
        "With OpenSSL 3 this computes the gate from K_gate; the first eight "
        "digits of",
        "its output are `%s`:" % v["gate"].hex().upper(),
        "",
        "```sh",
        "printf '%s' |" % octal,
        "openssl mac -digest SHA256 -macopt \\",
        "hexkey:%s\\" % key[:64],
        "%s HMAC" % key[64:],
        "```",
    ))


def write(path, cases):
    text = json.dumps({"cases": cases}, indent=2, default=bytes.hex)
    path.write_text(text + "\n", encoding="ascii")


def main():
    parser = argparse.ArgumentParser(description="Make the test vectors of "
                                     "PROTOCOL.md.")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("outdir", nargs="?", type=pathlib.Path,
                       help="directory to write the vectors to")
    group.add_argument("--example", action="store_true",
                       help="print the worked example of section 9")
    arguments = parser.parse_args()
    if arguments.example:
        sys.stdout.buffer.write(example().encode("utf-8") + b"\n")
        return
    if not arguments.outdir.is_dir():
        sys.exit("vectors.py: %s is not a directory." % arguments.outdir)
    for make in (positive, negative, order, accepted):
        path = arguments.outdir / (make.__name__ + ".json")
        try:
            write(path, make())
        except OSError as error:
            sys.exit("vectors.py: cannot write %s: %s."
                     % (path, error.strerror))


if __name__ == "__main__":
    main()
