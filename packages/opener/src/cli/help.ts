/** Fits a screen of 24 lines and 80 columns, and ends in lines to copy. */
export const HELP = `usage: opener [send] [OPTIONS] PROFILE [ACTION]    ask a server to run an action
       opener proxy [OPTIONS] HOST PORT    that, and relay: ssh's ProxyCommand
       opener import FILE | list [--json] | doctor PROFILE | keygen FILE
       opener completion SHELL
  -d, --destination HOST   send there; also finds the profile if none is named
  -p, --port PORT          -f, --action NAME|CODE      -4, --ipv4, -6, --ipv6
  -k, --key SEEDFILE       of mode 0600; "-" is standard input
      --profile FILE       instead of PROFILE.toml in ~/.config/opener
      --allow ADDRESS      act for it; "source": name the one that is sent from
      --for DURATION       30s, 10m, 2h, 1d; a plain number is seconds
      --arg TEXT           for the action, at most 64 bytes of UTF-8
      --wait tcp/PORT      until it is open; --no-wait for nothing
      --source ADDRESS     from there (root); --source-port PORT, --ttl HOPS
      --print              print the packet in base64, send nothing
  -v, --verbose            say what is sent           -h, --help, -V, --version
exit codes: 0 done, 1 not sent, 2 usage, 3 profile or secret file,
            4 host does not resolve, 5 port stayed closed, 70 internal error

  opener home ssh
  opener home ssh --for 10m --allow 203.0.113.7
  opener -v -p 51324 -d server.example.net -f 21 -k alice.seed
`;

export const IMPORT_HELP = `usage: opener import [OPTIONS] FILE|URI|-

Keeps a bundle, which "bouncer client add" made, as a profile of mode 0600, and
shows what it says, but for the secrets. FILE holds a bundle; "-" is standard
input, or a line that is asked for at a terminal. URI is a bundle that needs a
passphrase; one that needs none is refused in a command line, which every user
of the machine can see.

      --name NAME              default: the first part of the host
      --force                  replace a profile of that name
      --passphrase-file FILE   of mode 0600, instead of asking

  opener import alice.toml
  opener import - --name home
`;
