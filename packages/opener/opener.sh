#!/bin/sh
# opener.sh - sends one packet to a bouncer, without installing anything: for rescue systems, and phones
# with a terminal. It reads the same profiles as opener, and bundles. It needs a shell with 64-bit arithmetic
# and a printf of its own (dash, bash, busybox ash), openssl, the commands cat, date, dd, id, ls, od, sed and
# tr, and one of bash, socat and nc to send UDP (an nc that knows -u: Debian's busybox has none that does);
# for -4 and -6 with bash, getent as well.
#
# What it does is PROTOCOL.md; the section numbers below are that page's. Bundles are docs/bundle.md.
#
# Secrets are in no argument list, where `ps` would show them to every user of the machine. They go to
# openssl through pipes only. `openssl dgst -macopt` and `openssl enc -K` take keys as arguments, so
# HMAC is built here from plain digests, and AES is computed in the shell, which takes some milliseconds.

# shellcheck disable=SC2015 # `die` ends, so that A && B || die is well

set -uf
# Bytes are characters, and the output of commands is not translated.
LC_ALL=C
export LC_ALL
# Had a variable of this name come with the environment, the secret would go to every command that is run.
unset seed gate_key secret bundle_seed bundle_gate_key

NL='
'
CR=$(printf '\r')
TAB=$(printf '\t')
# Separates the parts of a key of the profile; no name there can hold it.
US=$(printf '\037')

usage() {
  cat <<'HELP'
usage: sh opener.sh [OPTIONS] PROFILE [ACTION]    ask a server to run an action

  -d, --destination HOST   send there; also finds the profile if none is named
  -p, --port PORT          1 to 65535
  -f, --action ACTION      the action's code, or its name in the profile
  -k, --key SEEDFILE       of mode 0600; "-" is standard input
      --profile FILE       instead of ~/.config/opener/PROFILE.toml; or a bundle,
                           "-" for one on standard input
  -4, --ipv4, -6, --ipv6   send to an address of that family only
      --allow ADDRESS      act for this address, not the packet's source; "source"
                           names the one that is sent from, for a server that
                           wants it named
      --for DURATION       30s, 10m, 2h, 1d; a plain number is seconds
      --arg TEXT           for the action, at most 64 bytes of UTF-8
      --print              print the packet in base64, send nothing
  -v, --verbose            say what is sent
  -h, --help

exit codes: 0 sent or printed, 1 not sent, 2 usage, 3 profile or secret file,
            4 host does not resolve

  sh opener.sh home ssh
  sh opener.sh -v -p 51324 -d server.example.net -f 21 -k alice.seed
HELP
}

# die CODE SENTENCE [HINT]
die() {
  # What is quoted can hold anything, even a seed or a bundle in the wrong place.
  printf 'opener.sh: %s\n' "$2" ${3:+"hint: $3"} | tr '\001-\011\013-\037\177' '[?*]' |
    sed 's/[0-9A-Fa-f]\{32,\}/(hexadecimal digits)/g; s/[A-Za-z0-9_-]\{64,\}/(characters)/g' >&2
  exit "$1"
}

# --- numbers and bytes: binary data is kept as hexadecimal text, since variables cannot hold NUL ---

# number TEXT LEAST LARGEST: whether it is a decimal number in that range; sets $number without
# leading zeros, which arithmetic would take for octal.
number() {
  number=$1
  case $number in '' | *[!0-9]*) return 1 ;; esac
  while :; do case $number in 0?*) number=${number#0} ;; *) break ;; esac; done
  [ "${#number}" -le 10 ] && [ "$number" -ge "$2" ] && [ "$number" -le "$3" ]
}

# first SIZE HEX: sets $first to the first SIZE bytes, and $rest to what follows.
first() {
  rest=$2
  while [ "${#rest}" -gt $((${#2} - $1 * 2)) ]; do rest=${rest#??}; done
  first=${2%"$rest"}
}

# escape HEX [MASK]: sets $escaped to a printf format of the bytes, each combined with MASK by xor.
escape() {
  rest=$1
  escaped=
  while [ -n "$rest" ]; do
    byte=$((0x${rest%"${rest#??}"} ^ ${2:-0}))
    rest=${rest#??}
    escaped=$escaped\\$((byte >> 6))$((byte >> 3 & 7))$((byte & 7))
  done
}

# emit FORMAT: writes the bytes. By the printf of the shell, or the arguments would be seen.
emit() {
  # shellcheck disable=SC2059 # the bytes are the format
  printf "$1"
}

# text_hex TEXT: writes its bytes in hexadecimal.
text_hex() {
  printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

# random SIZE: sets $random to that many random bytes.
random() {
  random=$(openssl rand -hex "$1") && [ "${#random}" -eq $(($1 * 2)) ] ||
    die 1 'openssl gives no random numbers'
}

# --- HMAC (RFC 2104) ---

# digest sha256|sha512 FORMAT: sets $digest to the hash of the bytes of a printf format.
digest() {
  digest=$(emit "$2" | openssl dgst "-$1" -r) || die 1 "openssl cannot compute $1"
  digest=${digest%% *}
}

# hmac sha256|sha512 KEY DATA: sets $mac. KEY is at most a block of the hash, as all keys here are.
hmac() {
  case $1 in sha256) block=64 ;; *) block=128 ;; esac
  padded=$2
  while [ "${#padded}" -lt $((block * 2)) ]; do padded=${padded}00; done
  escape "$padded" 0x36
  inner=$escaped
  escape "$3"
  digest "$1" "$inner$escaped"
  escape "$padded" 0x5c
  inner=$escaped
  escape "$digest"
  digest "$1" "$inner$escaped"
  mac=$digest
}

# --- AES-256 in CBC mode (FIPS 197, NIST SP 800-38A); a word is a column, most significant byte first ---
# A table's entry is a variable whose name ends in the index, as in s_$((w >> 24)). shellcheck does not know
# that, and takes a shift after it for a here-document, so that there are products instead.

# Sets s_N, the S-box, and t0_N to t3_N: SubBytes and MixColumns in one look-up for each row.
aes_tables() {
  # x runs through all elements by multiplying with 3, y through their inverses by dividing by it.
  x=1 y=1
  while :; do
    x=$((x ^ x << 1 ^ (x >> 7) * 0x11b))
    y=$((y ^ y << 1)) y=$((y ^ y << 2)) y=$(((y ^ y << 4) & 255)) y=$((y ^ (y >> 7) * 9))
    aes_entry $((x)) $((y ^ y << 1 ^ y << 2 ^ y << 3 ^ y << 4))
    [ "$x" -ne 1 ] || break
  done
  aes_entry 0 0
}

# aes_entry INDEX PRODUCT: what rotations push out to the left comes back on the right.
aes_entry() {
  s=$((($2 ^ $2 >> 8) & 255 ^ 0x63))
  double=$((s << 1 ^ (s >> 7) * 0x11b))
  triple=$((double ^ s))
  eval "s_$1=$s t0_$1=$((double << 24 | s << 16 | s << 8 | triple))"
  eval "t1_$1=$((triple << 24 | double << 16 | s << 8 | s)) t2_$1=$((s << 24 | triple << 16 | double << 8 | s))"
  eval "t3_$1=$((s << 24 | s << 16 | triple << 8 | double))"
}

# aes_expand KEY: sets k_0 to k_59, the words of the 15 round keys (FIPS 197 section 5.2).
# shellcheck disable=SC1102,SC2035,SC2154
aes_expand() {
  rest=$1
  i=0 rcon=1
  while [ "$i" -lt 60 ]; do
    if [ "$i" -lt 8 ]; then
      w=$((0x${rest%"${rest#????????}"}))
      rest=${rest#????????}
    else
      case $((i % 8)) in
        0)
          w=$(((w << 8 | w >> 24) & 0xffffffff))
          aes_substitute
          w=$((w ^ rcon << 24)) rcon=$((rcon << 1))
          ;;
        4) aes_substitute ;;
      esac
      w=$((w ^ k_$((i - 8))))
    fi
    eval "k_$i=$w"
    i=$((i + 1))
  done
}

# Puts each byte of $w through the S-box.
# shellcheck disable=SC1102,SC2035,SC2154
aes_substitute() {
  w=$((s_$((w >> 24)) * 0x1000000 + s_$((w >> 16 & 255)) * 0x10000 + s_$((w >> 8 & 255)) * 0x100 + s_$((w & 255))))
}

# aes_block: encrypts the block in $a $b $c $d.
# shellcheck disable=SC1102,SC2035,SC2154
aes_block() {
  a=$((a ^ k_0)) b=$((b ^ k_1)) c=$((c ^ k_2)) d=$((d ^ k_3))
  i=4
  while [ "$i" -lt 56 ]; do
    e=$((t0_$((a >> 24)) ^ t1_$((b >> 16 & 255)) ^ t2_$((c >> 8 & 255)) ^ t3_$((d & 255)) ^ k_$i))
    f=$((t0_$((b >> 24)) ^ t1_$((c >> 16 & 255)) ^ t2_$((d >> 8 & 255)) ^ t3_$((a & 255)) ^ k_$((i + 1))))
    g=$((t0_$((c >> 24)) ^ t1_$((d >> 16 & 255)) ^ t2_$((a >> 8 & 255)) ^ t3_$((b & 255)) ^ k_$((i + 2))))
    d=$((t0_$((d >> 24)) ^ t1_$((a >> 16 & 255)) ^ t2_$((b >> 8 & 255)) ^ t3_$((c & 255)) ^ k_$((i + 3))))
    a=$e b=$f c=$g
    i=$((i + 4))
  done
  aes_last a b c d k_56 && e=$w
  aes_last b c d a k_57 && f=$w
  aes_last c d a b k_58 && g=$w
  aes_last d a b c k_59 && d=$w
  a=$e b=$f c=$g
}

# aes_last COLUMN COLUMN COLUMN COLUMN KEY: sets $w to a word of the last round, which has no MixColumns.
aes_last() {
  w=$(($1 & 0xff000000 | $2 & 0xff0000 | $3 & 0xff00 | $4 & 0xff))
  aes_substitute
  w=$((w ^ $5))
}

# cbc KEY IV DATA: sets $ciphertext. DATA is padded to whole blocks already.
cbc() {
  aes_tables
  aes_expand "$1"
  ciphertext=
  set -- "$2" "$3"
  split_block "$1"
  a=$w0 b=$w1 c=$w2 d=$w3
  while [ -n "$2" ]; do
    split_block "$2"
    a=$((a ^ w0)) b=$((b ^ w1)) c=$((c ^ w2)) d=$((d ^ w3))
    set -- "$1" "$rest"
    aes_block
    ciphertext=$ciphertext$(printf %08x "$a" "$b" "$c" "$d")
  done
}

# split_block HEX: sets $w0 to $w3 to its first four words and $rest to what follows.
split_block() {
  rest=$1
  w0=$((0x${rest%"${rest#????????}"})) rest=${rest#????????}
  w1=$((0x${rest%"${rest#????????}"})) rest=${rest#????????}
  w2=$((0x${rest%"${rest#????????}"})) rest=${rest#????????}
  w3=$((0x${rest%"${rest#????????}"})) rest=${rest#????????}
}

# --- the packet ---

# expand SECRET LABEL: sets $expanded, the sub-key of section 3.
expand() {
  hmac sha512 "$1" "$(text_hex "$2")00$(text_hex "$server_id")01"
  expanded=$mac
}

# Sets $time, milliseconds since 1970.
clock() {
  seconds=$(date +%s)
  number "$seconds" 1 9999999999 || die 1 'the command date does not know %s'
  time=$((number * 1000))
}

# choose LEAST: sets $iv, and $blocks to a uniformly random number from LEAST to 28.
choose() {
  random 16
  iv=$random
  range=$((29 - $1))
  while random 1 && [ "$((0x$random))" -ge "$((256 - 256 % range))" ]; do :; done
  blocks=$(($1 + 0x$random % range))
}

# seal: sets $packet (section 6), of $server_id, $gate_key, $seed, $code, $duration, $address, $argument.
seal() {
  clock
  minute=$(printf %016x $((time / 60000)))
  code_hex=$(printf %04x "$code")
  size=$((${#argument} / 2))
  least=$(((50 + size + 15) / 16))
  [ "$least" -ge 4 ] || least=4
  choose "$least"

  expand "$gate_key" 'bouncer/1 gate'
  hmac sha256 "$expanded" "$minute"
  first 4 "$mac"
  head=$first
  expand "$seed" 'bouncer/1 locator'
  hmac sha256 "$expanded" "$minute$code_hex"
  first 8 "$mac"
  head=$head$first
  expand "$seed" 'bouncer/1 password'
  hmac sha256 "$expanded" "$minute"
  first 16 "$mac"

  message=$first$(printf 0100%s%08x%016x%s%02x "$code_hex" "$duration" "$time" "$address" "$size")$argument
  while [ "${#message}" -lt $((blocks * 32 - 2)) ]; do message=${message}00; done

  expand "$seed" 'bouncer/1 packet'
  first 32 "$expanded"
  mac_key=$first
  cbc "$rest" "$iv" "${message}01"
  associated=$(text_hex 'bouncer/1 packet')00$(text_hex "$server_id")00$head
  hmac sha512 "$mac_key" "$associated$iv$ciphertext$(printf %016x $((${#associated} * 4)))"
  first 32 "$mac"
  packet=$head$iv$ciphertext$first
}

# --- what the command line says ---

# parse_duration TEXT: sets $duration in seconds.
parse_duration() {
  case $1 in
    *s) unit=1 ;;
    *m) unit=60 ;;
    *h) unit=3600 ;;
    *d) unit=86400 ;;
    *[0-9]) unit=1 ;;
    *) unit= ;;
  esac
  [ -n "$unit" ] && number "${1%[smhd]}" 1 $((4294967295 / unit)) ||
    die "$2" "duration expected a whole number and a unit, got \"$1\"" \
      'write 30s, 10m, 2h or 1d; a plain number is seconds'
  duration=$((number * unit))
}

# parse_argument TEXT: sets $argument to its bytes; it is UTF-8 (RFC 3629), at most 64 bytes.
parse_argument() {
  argument=$(text_hex "$1")
  [ "${#argument}" -le 128 ] ||
    die 2 "argument expected at most 64 bytes of UTF-8, got $((${#argument} / 2))"
  rest=$argument
  while [ -n "$rest" ]; do
    case $rest in
      [0-7]?*) rest=${rest#??} ;;
      c[2-9a-f][89ab]?* | d?[89ab]?*) rest=${rest#????} ;;
      e0[ab]?[89ab]?* | e[1-9a-cef][89ab]?[89ab]?* | ed[89]?[89ab]?*) rest=${rest#??????} ;;
      f0[9ab]?[89ab]?[89ab]?* | f[1-3][89ab]?[89ab]?[89ab]?* | f48?[89ab]?[89ab]?*) rest=${rest#????????} ;;
      *) die 2 'argument expected UTF-8' ;;
    esac
  done
}

# parse_address TEXT: sets $address to 16 bytes, IPv6 or IPv4-mapped.
parse_address() {
  address=
  case $1 in
    *%*) ;;
    *:*.*)
      # ::192.0.2.1 is left out: some read it as IPv4-mapped, some as IPv6.
      if [ "$1" != "::${1##*:}" ] && parse_ipv4 "${1##*:}"; then
        parse_ipv6 "${1%:*}:${quad%????}:${quad#????}" || address=
      fi
      ;;
    *.*) parse_ipv4 "$1" && address=00000000000000000000ffff$quad ;;
    *:*) parse_ipv6 "$1" || address= ;;
  esac
  case $address in
    '')
      die 2 "address expected IPv4 or IPv6, got \"$1\"" 'write it like 203.0.113.7 or 2001:db8::7'
      ;;
    00000000000000000000[0Ff][0Ff][0Ff][0Ff]00000000)
      die 2 "address expected one that somebody has, got \"$1\"" \
        "leave it out to act for the packet's own source"
      ;;
  esac
}

# parse_ipv4 TEXT: sets $quad to its 4 bytes.
parse_ipv4() {
  quad=
  case $1 in *. | .* | *..*) return 1 ;; esac
  IFS=.
  # shellcheck disable=SC2086 # split at the dots; set -f keeps it from being a pattern
  set -- $1
  unset IFS
  [ "$#" -eq 4 ] || return 1
  for part; do
    case $part in 0?*) return 1 ;; esac
    number "$part" 0 255 || return 1
    quad=$quad$(printf %02x "$number")
  done
}

# parse_ipv6 TEXT: sets $address.
parse_ipv6() {
  case $1 in
    *:::* | *::*::*) return 1 ;;
    *::*)
      parse_groups "${1#*::}" || return 1
      right=$groups
      parse_groups "${1%%::*}" || return 1
      [ $((${#groups} + ${#right})) -lt 32 ] || return 1
      while [ $((${#groups} + ${#right})) -lt 32 ]; do groups=${groups}0; done
      groups=$groups$right
      ;;
    *) parse_groups "$1" || return 1 ;;
  esac
  address=$groups
  [ "${#address}" -eq 32 ]
}

# parse_groups TEXT: sets $groups to the bytes of groups between colons.
parse_groups() {
  groups=
  case $1 in *:) return 1 ;; esac
  IFS=:
  # shellcheck disable=SC2086 # split at the colons; set -f keeps it from being a pattern
  set -- $1
  unset IFS
  for group; do
    case $group in '' | *[!0-9A-Fa-f]* | ?????*) return 1 ;; esac
    while [ "${#group}" -lt 4 ]; do group=0$group; done
    groups=$groups$group
  done
}

# --- the profile: of TOML, strings without escapes, whole numbers, arrays and tables on one line ---

# read_profile FILE: sets $host, $port, $server_id, $gate_key, $gate_key_file, $seed, $seed_file,
# $default_action, $default_for, $default_allow, and $actions: lines of name, "code" or "for", and value.
read_profile() {
  profile=$1
  host='' port='' server_id='' gate_key='' gate_key_file='' seed='' seed_file=''
  default_action='' default_for='' default_allow='' actions=$NL
  if [ "$profile" = - ]; then
    profile='standard input'
    read_bundle
    return
  fi
  [ -f "$profile" ] && [ -r "$profile" ] || die 3 "$profile: is not a file that can be read"
  IFS= read -r line <"$profile" || :
  case $line in
    [Bb][Oo][Uu][Nn][Cc][Ee][Rr]:*) read_bundle <"$profile" ;;
    *) read_lines <"$profile" ;;
  esac
}

# Reads the URI of a bundle (docs/bundle.md) from standard input.
read_bundle() {
  uri=$(tr -d ' \t\r\n')
  case $uri in
    [Bb][Oo][Uu][Nn][Cc][Ee][Rr]:*) ;;
    *) die 3 "$profile: expected a bundle, which begins with bouncer:" ;;
  esac
  [ "${#uri}" -le 4096 ] || die 3 "$profile: the bundle is longer than 4096 characters"
  uri=${uri#*:}
  case $((${#uri} % 4)) in 2) uri=$uri== ;; 3) uri=$uri= ;; esac
  container=$(printf %s "$uri" | tr '_-' '/+' | openssl base64 -d -A 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
  case $container in
    01*) ;;
    02*) die 3 "$profile: the bundle has a passphrase, and scrypt is beyond opener.sh" 'opener import reads it, and writes a profile for both' ;;
    *) die 3 "$profile: the bundle is damaged, or of a form that is not known here" ;;
  esac
  content=${container%????????????????}
  escape "$content"
  digest sha256 "$escaped"
  first 8 "$digest"
  [ "$content$first" = "$container" ] && [ "${#content}" -gt 130 ] || die 3 "$profile: the bundle is damaged"
  first 32 "${content#??}"
  bundle_gate_key=$first
  first 32 "$rest"
  bundle_seed=$first
  escape "$rest"
  read_lines <<TEXT
$(emit "$escaped")
TEXT
  # Nothing that the text says about secrets counts.
  gate_key=$bundle_gate_key seed=$bundle_seed gate_key_file='' seed_file=''
}

# Reads the lines of a profile from standard input.
read_lines() {
  section='' line_number=0
  while IFS= read -r line || [ -n "$line" ]; do
    line_number=$((line_number + 1))
    rest=${line%"$CR"}
    skip_space
    case $rest in
      '' | '#'*) ;;
      '['*)
        rest=${rest#?}
        read_key ''
        section=$key
        expect ']'
        ;;
      *)
        read_key "$section"
        expect '='
        read_value "$key"
        ;;
    esac
    skip_space
    case $rest in '' | '#'*) ;; *) unreadable ;; esac
  done
}

# The line may hold a secret, so it is not shown.
unreadable() {
  die 3 "$profile line $line_number: expected what opener.sh can read of TOML" \
    'a key and a string without backslashes, a whole number, or an array or table of them on one line'
}

skip_space() {
  while :; do case $rest in ' '* | "$TAB"*) rest=${rest#?} ;; *) return ;; esac; done
}

# expect CHARACTER: takes it from $rest.
expect() {
  skip_space
  case $rest in "$1"*) rest=${rest#?} ;; *) unreadable ;; esac
}

# read_string QUOTE: takes a string from $rest and sets $value.
read_string() {
  rest=${rest#?}
  case $rest in *"$1"*) ;; *) unreadable ;; esac
  value=${rest%%"$1"*}
  rest=${rest#*"$1"}
  case $1$value in '"'*\\*) unreadable ;; esac
}

# read_key PREFIX: takes a key from $rest and sets $key to PREFIX and its parts.
read_key() {
  key=$1
  while :; do
    skip_space
    case $rest in
      \"*) read_string '"' ;;
      \'*) read_string "'" ;;
      *)
        value=${rest%%[!A-Za-z0-9_-]*}
        rest=${rest#"$value"}
        [ -n "$value" ] || unreadable
        ;;
    esac
    key=${key:+$key$US}$value
    skip_space
    case $rest in .*) rest=${rest#?} ;; *) return ;; esac
  done
}

# read_value KEY: takes a value from $rest and notes it under KEY, a table's values under their own keys.
read_value() {
  skip_space
  case $rest in
    \"*) read_string '"' ;;
    \'*) read_string "'" ;;
    '['* | '{'*)
      closing=']'
      case $rest in '{'*) closing='}' ;; esac
      rest=${rest#?}
      read_items "$1" "$closing"
      return
      ;;
    *)
      value=${rest%%[!A-Za-z0-9_.:+-]*}
      rest=${rest#"$value"}
      [ -n "$value" ] || unreadable
      ;;
  esac
  note "$1"
}

# read_items KEY CLOSING: takes the rest of an array or a table.
read_items() {
  while :; do
    skip_space
    case $rest in "$2"*) break ;; esac
    if [ "$2" = '}' ]; then
      read_key "$1"
      expect '='
      read_value "$key"
    else
      read_value "$1${US}item"
    fi
    skip_space
    case $rest in ,*) rest=${rest#?} ;; "$2"*) ;; *) unreadable ;; esac
  done
  rest=${rest#?}
}

# note KEY: keeps $value if it is one that is needed here.
note() {
  case $1 in
    host) host=$value ;;
    port) port=$value ;;
    server_id) server_id=$value ;;
    gate_key) gate_key=$value ;;
    gate_key_file) gate_key_file=$value ;;
    seed) seed=$value ;;
    seed_file) seed_file=$value ;;
    default_action) default_action=$value ;;
    for) default_for=$value ;;
    allow) default_allow=$value ;;
    "actions$US"*"$US"code | "actions$US"*"$US"for) actions=$actions${1#*"$US"}$US$value$NL ;;
    "actions$US"*"$US"*) ;;
    "actions$US"*) actions=$actions${1#*"$US"}${US}code$US$value$NL ;;
  esac
}

# known NAME FIELD: sets $value to what the profile says of an action.
known() {
  case $actions in *"$NL$1$US$2$US"*) ;; *) return 1 ;; esac
  value=${actions#*"$NL$1$US$2$US"}
  value=${value%%"$NL"*}
}

# find_action TEXT: sets $code, and $default_for if the profile has a duration for that action.
find_action() {
  name=$1
  case $1 in
    *[!0-9]*)
      known "$1" code || die 2 "unknown action \"$1\"" "it has to be a number, or in [actions] of $profile"
      number "$value" 0 65535 || die 3 "$profile: actions.$1: expected an integer from 0 to 65535"
      ;;
    *)
      number "$1" 0 65535 || die 2 "action code expected 0 to 65535, got $1"
      case $actions in
        *"${US}code$US$number$NL"*)
          name=${actions%%"${US}code$US$number$NL"*}
          name=${name##*"$NL"}
          ;;
      esac
      ;;
  esac
  code=$number
  if known "$name" for; then default_for=$value; fi
}

# find_profile: sets $profile to the file that $profile_name, or else $destination, stands for.
find_profile() {
  folder=${HOME:-}/.config/opener
  # The place of macOS.
  [ ! -d "${HOME:-}/Library/Application Support" ] || folder="$HOME/Library/Application Support/opener"
  case ${XDG_CONFIG_HOME:-} in /*) folder=$XDG_CONFIG_HOME/opener ;; esac
  case $profile_name in
    bouncer:*)
      die 2 'profile expected a name, got a bundle, which every user of this machine could see' \
        'give it to --profile - on standard input'
      ;;
    */* | *.toml) die 2 "profile expected a name, got the path \"$profile_name\"" 'use --profile FILE' ;;
    ?*) profile=$folder/$profile_name.toml ;;
    *) profile=$folder/$destination.toml ;;
  esac
  [ ! -e "$profile" ] || return 0
  [ -z "$profile_name" ] || die 3 "no profile is called \"$profile_name\": there is no $profile" \
    'write it, or use --profile FILE, which takes a bundle too'
  found=
  set +f
  for file in "$folder"/*.toml; do
    [ -f "$file" ] || continue
    # One that cannot be read shall not keep the others from being found.
    host=$(read_profile "$file" 2>/dev/null && printf %s "$host") && [ "$host" = "$destination" ] || continue
    [ -z "$found" ] || die 3 "more than one profile has the host \"$destination\": $found, $file"
    found=$file
  done
  set -f
  [ -n "$found" ] || die 3 "no profile for \"$destination\" in $folder" 'name one, or use --profile FILE'
  profile=$found
}

# --- secrets ---

# check_owner FILE: refuses one that others can read, or that is another user's.
check_owner() {
  # shellcheck disable=SC2046 # fields of a line
  set -- "$1" $(ls -dlnL -- "$1")
  case ${2:-} in
    -???------*) ;;
    *) die 3 "$1: holds a secret but is open to others, or is no regular file" "chmod 600 $1" ;;
  esac
  [ "$4" -eq 0 ] || [ "$4" -eq "$(id -u)" ] || die 3 "$1: holds a secret but belongs to user $4"
}

# check_secret ORIGIN TEXT: refuses what is not 64 hexadecimal digits.
check_secret() {
  case $2 in *[!0-9A-Fa-f]*) ;; *) [ "${#2}" -ne 64 ] || return 0 ;; esac
  die 3 "$1: expected 64 hexadecimal digits"
}

# read_secret FILE: sets $secret; "-" is standard input.
read_secret() {
  if [ "$1" = - ]; then
    origin='standard input'
    IFS= read -r secret || :
  else
    origin=$1
    [ -f "$1" ] && [ -r "$1" ] || die 3 "$1: is not a file that can be read"
    check_owner "$1"
    IFS= read -r secret <"$1" || :
  fi
  secret=${secret%"$CR"}
  check_secret "$origin" "$secret"
}

# beside FILE: sets $file to where a file is that the profile names.
beside() {
  case $1 in
    /*) file=$1 ;;
    *)
      case $profile in */*) file=${profile%/*}/$1 ;; *) file=./$1 ;; esac
      ;;
  esac
}

# Sets $gate_key and $seed.
load_secrets() {
  [ -z "$gate_key$seed" ] || [ "$profile" = 'standard input' ] || check_owner "$profile"
  if [ -n "$gate_key_file" ]; then
    beside "$gate_key_file"
    read_secret "$file"
    gate_key=$secret
  fi
  [ -n "$gate_key" ] || die 3 "$profile: gate_key_file: missing"
  check_secret "$profile: gate_key" "$gate_key"
  if [ -n "$key_file" ]; then
    read_secret "$key_file"
    seed=$secret
  elif [ -n "$seed_file" ]; then
    beside "$seed_file"
    read_secret "$file"
    seed=$secret
  fi
  [ -n "$seed" ] || die 2 'no seed is given' "add -k SEEDFILE, or write seed_file = \"SEEDFILE\" in $profile"
  check_secret "$profile: seed" "$seed"
}

# --- sending ---

# check_host TEXT: nothing that nc would take for an option, bash for a folder or socat for more than a name.
check_host() {
  case $1 in
    '' | -* | *[!A-Za-z0-9._:%-]*) die 2 "host expected a name or an address without brackets, got \"$1\"" ;;
  esac
}

# Sets $host to an address of $family, if that is asked for, and something here can resolve names.
resolve() {
  case $host in
    *:*) literal=6 ;;
    *[!0-9.]*) literal='' ;;
    *) literal=4 ;;
  esac
  if [ -n "$literal" ]; then
    [ "${family:-$literal}" = "$literal" ] ||
      die 4 "host \"$host\" is not an IPv$family address" "leave out -$family"
    family=$literal
  elif [ -n "$family" ] && command -v getent >/dev/null; then
    found=$(getent "ahostsv$family" "$host") || found=
    # What has no IPv6 address is given as an IPv4-mapped one.
    case $found in '' | ::ffff:*) die_unresolved ;; esac
    literal=$family
    host=${found%%[ "$TAB"]*}
  elif command -v getent >/dev/null; then
    # What sends tries each of its addresses; here it is only asked whether there is any.
    getent ahosts "$host" >/dev/null || die_unresolved
  fi
}

# Sets $allow to the address of this machine that packets to $host come from.
find_source() {
  for tool in ip getent; do
    command -v "$tool" >/dev/null ||
      die 1 "nothing here says which address packets come from: no $tool" 'name it: --allow ADDRESS'
  done
  if [ -z "$literal" ]; then
    found=$(getent ahosts "$host") || die_unresolved
    host=${found%%[ "$TAB"]*}
    case $host in *:*) family=6 ;; *) family=4 ;; esac
    literal=$family
  fi
  found=$(ip route get "$host" 2>&1) || die 1 "there is no way to $host: $found"
  case $found in *' src '*) ;; *) die 1 "ip does not say from which address packets to $host come" ;; esac
  allow=${found##* src }
  allow=${allow%% *}
}

# Sets $sender to what can send UDP here.
find_sender() {
  # bash cannot be told the family of a name.
  if [ -z "$family" ] || [ -n "$literal" ]; then
    if command -v bash >/dev/null; then sender=bash && return; fi
  fi
  if command -v socat >/dev/null; then sender=socat && return; fi
  for sender in nc ncat 'busybox nc'; do
    command -v "${sender% *}" >/dev/null || continue
    # shellcheck disable=SC2086 # words
    case $($sender -h 2>&1) in
      *[Nn]cat*--send-only*) sender="$sender -u --send-only" && return ;;
      *-u*) sender="$sender -u -w 1" && return ;;
    esac
  done
  die 1 'nothing here can send UDP: no bash, no socat, and no nc that knows -u' \
    'use --print, and bring the packet to the server in another way'
}

# check_resolved TEXT: ends with 4 if what sends says that the name does not resolve. Without getent nothing
# else knows. The words are those of glibc, musl and the BSDs, of busybox, ncat and the traditional nc.
check_resolved() {
  case $1 in
    *'or not known'* | *'service not known'* | *'name resolution'* | *'associated with hostname'* | \
      *'for hostname not supported'* | *'not resolve'* | *'no usable address'* | *'bad address '* | \
      *'lookup failed'*) die_unresolved ;;
  esac
}

die_unresolved() {
  die 4 "host \"$host\" does not resolve to an ${family:+IPv$family }address"
}

# Sends standard input, which comes in one piece, as one datagram.
deliver() {
  # shellcheck disable=SC2016,SC2086 # that bash is to expand its arguments; $sender is words
  case $sender in
    bash) bash -c 'cat >"/dev/udp/$0/$1"' "$host" "$port" ;;
    socat)
      case $host in *:*) target="[$host]" ;; *) target=$host ;; esac
      socat -u - "UDP$family:$target:$port"
      ;;
    *)
      # An address shows its family, and not every nc knows -4 and -6.
      if [ -n "$family" ] && [ -z "$literal" ]; then sender="$sender -$family"; fi
      $sender "$host" "$port"
      ;;
  esac
}

# --- the command ---

# given OPTION: refuses a second use of an option.
given() {
  case " $options " in *" $1 "*) die 2 "$1 is given twice" ;; esac
  options="$options $1"
}

parse_command_line() {
  options='' destination='' port_option='' action='' key_file='' profile_file='' profile_name='' family=''
  literal='' allow='' for='' argument_text='' print='' verbose='' word1='' word2=''
  while [ "$#" -gt 0 ]; do
    option=$1
    shift
    case $option in
      --*=*)
        set -- "${option#*=}" "$@"
        option=${option%%=*}
        joined=yes
        ;;
      --) break ;;
      --*) joined= ;;
      -[dpfk]?*)
        set -- "${option#-?}" "$@"
        option=${option%"$1"}
        joined=yes
        ;;
      -[46vh]?*)
        set -- "-${option#-?}" "$@"
        option=${option%"${1#-}"}
        joined=
        ;;
      *) joined= ;;
    esac
    case $option in
      -d | --destination | -p | --port | -f | --action | -k | --key | --profile | --allow | --for | --arg)
        [ "$#" -gt 0 ] || die 2 "$option needs a value"
        case $joined$1 in -?*) die 2 "$option needs a value, and \"$1\" looks like an option" ;; esac
        case $option$1 in --arg) ;; "$option") die 2 "$option needs a value" ;; esac
        value=$1
        shift
        ;;
      *) [ -z "$joined" ] || die 2 "unknown option $option, or it takes no value" 'sh opener.sh --help' ;;
    esac
    case $option in
      -d | --destination) given -d && destination=$value && check_host "$value" ;;
      -p | --port) given -p && port_option=$value ;;
      -f | --action) given -f && action=$value ;;
      -k | --key) given -k && key_file=$value ;;
      --profile) given --profile && profile_file=$value ;;
      --allow) given --allow && allow=$value ;;
      --for) given --for && for=$value ;;
      --arg) given --arg && argument_text=$value ;;
      -4 | --ipv4) given '-4 or -6' && family=4 ;;
      -6 | --ipv6) given '-4 or -6' && family=6 ;;
      --print) print=yes ;;
      -v | --verbose) verbose=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      -?*) die 2 "unknown option $option" 'sh opener.sh --help' ;;
      *) take_word "$option" ;;
    esac
  done
  for option; do take_word "$option"; done
  if [ -n "$profile_file" ]; then
    [ -z "$word2" ] || die 2 "unexpected \"$word2\"" 'sh opener.sh --profile FILE ACTION'
    word2=$word1
  else
    profile_name=$word1
  fi
  [ -z "$action" ] || [ -z "$word2" ] || die 2 "two actions are given, \"$word2\" and \"$action\""
  action=${action:-$word2}
  [ -n "$profile_file$profile_name$destination" ] ||
    die 2 'no profile and no destination is given' 'sh opener.sh --help'
  case $key_file in
    *[!0-9A-Fa-f]*) ;;
    *)
      [ "${#key_file}" -ne 64 ] || die 2 '-k expected the name of a file, got what looks like a seed itself' \
        'every user of this machine can see a command line; take a new seed, and put it into a file'
      ;;
  esac
}

take_word() {
  if [ -z "$word1" ]; then word1=$1; elif [ -z "$word2" ]; then word2=$1; else die 2 "unexpected \"$1\""; fi
}

check_shell() {
  [ $((65536 * 65536)) -gt 0 ] || die 70 'this shell counts in 32 bits only; use dash, bash or busybox ash'
  # Any other would be a program, and secrets its arguments.
  [ "$(command -v printf)" = printf ] ||
    die 70 'this shell has no printf of its own; use dash, bash or busybox ash'
}

main() {
  check_shell
  parse_command_line "$@"
  if [ -n "$profile_file" ]; then profile=$profile_file; else find_profile; fi
  read_profile "$profile"

  [ -n "$host" ] || die 3 "$profile: host: missing"
  server_id=${server_id:-$host}
  case $server_id in *[!A-Za-z0-9._-]*) die 3 "$profile: server_id: expected A-Z a-z 0-9 . _ -" ;; esac
  [ "${#server_id}" -le 64 ] || die 3 "$profile: server_id: expected at most 64 bytes"
  host=${destination:-$host}
  check_host "$host"
  port=${port_option:-$port}
  [ -n "$port" ] || die 2 'no port is given' "add -p PORT, or write port = PORT in $profile"
  number "$port" 1 65535 || die 2 "port expected 1 to 65535, got \"$port\""
  port=$number
  action=${action:-$default_action}
  [ -n "$action" ] || die 2 'no action is given'
  find_action "$action"

  duration=0
  if [ -n "$for" ]; then
    parse_duration "$for" 2
  elif [ -n "$default_for" ]; then
    parse_duration "$default_for" 3
  fi
  case $default_allow in
    '' | source) allow=${allow:-$default_allow} ;;
    *) die 3 "$profile: allow: expected \"source\", got \"$default_allow\"" ;;
  esac
  if [ "$allow" = source ]; then
    resolve
    find_source
  fi
  address=00000000000000000000000000000000
  [ -z "$allow" ] || parse_address "$allow"
  parse_argument "$argument_text"
  load_secrets

  if [ -z "$print" ]; then
    [ -n "$literal" ] || resolve
    find_sender
  fi
  seal
  [ -z "$verbose" ] || printf 'opener.sh: %s\n' "destination $host port $port" "server id $server_id" \
    "action code $code" "size $((${#packet} / 2)) bytes" >&2
  escape "$packet"
  if [ -n "$print" ]; then
    emit "$escaped" | openssl base64 -A || die 1 'could not write the packet'
    echo
  else
    # bash may write a line at a time; dd makes one piece of it.
    said=$(emit "$escaped" | dd obs=1024 2>/dev/null | deliver 2>&1) || {
      [ -n "$literal" ] || check_resolved "$said"
      die 1 "could not send to $host port $port${said:+: ${said##*: }}"
    }
  fi
}

main "$@"
