#!/usr/bin/env python3
"""Make the test vectors of docs/bundle.md, independently of any implementation.

    python3 tools/bundle_vectors.py OUTDIR     write OUTDIR/bundle.json and
                                               OUTDIR/bundle-negative.json

Written from docs/bundle.md alone. AES and HMAC are done by the `openssl`
command, scrypt and SHA-256 by Python. Section numbers are those of docs/bundle.md.
"""

import base64
import hashlib
import pathlib
import sys
import unicodedata

sys.dont_write_bytecode = True

from vectors import aes_cbc, counting, hmac, u8, u64, write

GATE_KEY = counting(0x00)
SEED = counting(0x20)
SALT = counting(0xA0, 16)
IV = counting(0xC0, 16)
PASSPHRASE = "correct horse battery staple"
PROFILE = ('host = "gw1.example.net"\nport = 51324\n\n'
           '[actions.ssh]\ncode = 21\nopens = ["tcp/22"]\n')
LEAST = 'host="a"'
MOST = 'host = "%s"\n# ' % ("h" * 64)
MOST += "ä" * ((1024 - len(MOST)) // 2) + "." * ((1024 - len(MOST)) % 2)


# --- Sections 2 and 3 ---

def uri(container):
    return "bouncer:" + base64.urlsafe_b64encode(container).decode().rstrip("=")


def content(profile):
    if isinstance(profile, str):
        profile = profile.encode("utf-8")
    return GATE_KEY + SEED + profile


def check(data):
    return hashlib.sha256(data).digest()[:8]


def plain(inner, form=1):
    data = u8(form) + inner
    return data + check(data)


def sealed(inner, passphrase=PASSPHRASE, *options, label=b"bouncer/1 bundle"):
    text = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    key = hashlib.scrypt(text, salt=SALT, n=2 ** 17, r=8, p=1, dklen=64,
                         maxmem=2 ** 28)
    ciphertext = aes_cbc(key[32:], IV, inner, *options)
    associated = label + u8(2) + SALT
    mac = hmac("SHA512", key[:32], associated + IV + ciphertext
               + u64(8 * len(associated)))
    return u8(2) + SALT + IV + ciphertext + mac[:32]


def flipped(data, position):
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


# --- The cases ---

def positive():
    cases = []
    for name, profile, passphrase in (
            ("plain", PROFILE, None),
            ("plain, shortest profile", LEAST, None),
            ("plain, longest profile, not ASCII", MOST, None),
            ("encrypted", PROFILE, PASSPHRASE),
            ("encrypted, profile that fills its blocks", LEAST * 2, "a"),
            ("encrypted, passphrase not ASCII, decomposed", LEAST,
             unicodedata.normalize("NFD", "Schlüssel für 東京"))):
        case = {"name": name, "gateKey": GATE_KEY, "seed": SEED,
                "profile": profile}
        if passphrase is None:
            case["uri"] = uri(plain(content(profile)))
        else:
            case.update(passphrase=passphrase, salt=SALT, iv=IV,
                        uri=uri(sealed(content(profile), passphrase)))
        cases.append(case)
    return cases


def negative():
    good = uri(plain(content(PROFILE)))
    closed = sealed(content(PROFILE))
    end = len(closed)
    cases = [
        ("another scheme", "scheme", "opener:" + good[8:]),
        ("no scheme", "scheme", good[8:]),
        ("nothing", "scheme", ""),
        ("padding of base64", "encoding", uri(plain(content(LEAST))) + "="),
        ("the other alphabet of base64", "encoding", good[:20] + "+/" + good[22:]),
        ("a character that is not base64", "encoding", good[:20] + "ä" + good[21:]),
        ("one character too many", "encoding", uri(plain(content(LEAST))) + "A"),
        ("bits beyond the last byte", "encoding", "bouncer:AR"),
        ("no bytes", "length", "bouncer:"),
        ("longer than 4096 characters", "length", good + "A" * 4096),
        ("an unknown form", "form", uri(plain(content(PROFILE), 3))),
        ("form 0", "form", uri(plain(content(PROFILE), 0))),
        ("plain, nothing behind the form", "length", uri(b"\x01")),
        ("plain, no profile", "length", uri(plain(content("")))),
        ("plain, seed cut", "length", uri(plain(content("")[:-1]))),
        ("plain, profile too long", "length", uri(plain(content("x" * 1025)))),
        ("plain, end cut", "check", uri(plain(content(PROFILE))[:-1])),
        ("plain, profile not UTF-8", "profile", uri(plain(content(b"\xff")))),
        ("encrypted, nothing behind the form", "length", uri(b"\x02")),
        ("encrypted, end cut", "length", uri(closed[:-1])),
        ("encrypted, a block cut", "passphrase", uri(closed[:end - 48] + closed[end - 32:])),
        ("encrypted, too few blocks", "length", uri(closed[:33] + closed[33:97] + closed[end - 32:])),
        ("encrypted, another passphrase", "passphrase",
         uri(sealed(content(PROFILE), "Correct horse battery staple"))),
        ("encrypted, another label", "passphrase",
         uri(sealed(content(PROFILE), label=b"bouncer/2 bundle"))),
        ("encrypted, no profile", "length", uri(sealed(content("")))),
        ("encrypted, profile too long", "length", uri(sealed(content("x" * 1025)))),
        ("encrypted, profile not UTF-8", "profile", uri(sealed(content(b"\xc0\x80")))),
        ("encrypted, padding of 0", "length",
         uri(sealed(content("x" * 15) + b"\0", PASSPHRASE, "-nopad"))),
        ("encrypted, padding of 17", "length",
         uri(sealed(content("x" * 15) + b"\x11", PASSPHRASE, "-nopad"))),
        ("encrypted, uneven padding", "length",
         uri(sealed(content("x" * 14) + b"\1\2", PASSPHRASE, "-nopad"))),
    ]
    data = plain(content(PROFILE))
    for what, position in (("gate key", 1), ("seed", 33), ("profile", 65),
                           ("check", len(data) - 1)):
        cases.append(("plain, one bit of the %s changed" % what, "check",
                      uri(flipped(data, position))))
    for what, position in (("salt", 1), ("IV", 17), ("ciphertext", 33),
                           ("tag", end - 1)):
        cases.append(("encrypted, one bit of the %s changed" % what,
                      "passphrase", uri(flipped(closed, position))))
    return [{"name": name, "fault": fault, "passphrase": PASSPHRASE, "uri": text}
            for name, fault, text in cases]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: bundle_vectors.py OUTDIR")
    folder = pathlib.Path(sys.argv[1])
    write(folder / "bundle.json", positive())
    write(folder / "bundle-negative.json", negative())


if __name__ == "__main__":
    main()
