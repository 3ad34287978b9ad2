/** Fits a screen of 24 lines and 80 columns, and ends in lines to copy. */
export const HELP = `usage: opener [send] [OPTIONS] PROFILE [ACTION]    ask a server to run an action
       opener keygen FILE                          write a new seed or gate key

  -d, --destination HOST   send there; also finds the profile if none is named
  -p, --port PORT          1 to 65535
  -f, --action ACTION      the action's code, or its name in the profile
  -k, --key SEEDFILE       of mode 0600; "-" is standard input
      --profile FILE       instead of ~/.config/opener/PROFILE.toml
  -4, --ipv4, -6, --ipv6   send to an address of that family only
      --allow ADDRESS      act for this address, not the packet's source
      --for DURATION       30s, 10m, 2h, 1d; a plain number is seconds
      --arg TEXT           for the action, at most 64 bytes of UTF-8
      --print              print the packet in base64, send nothing
  -v, --verbose            say what is sent
  -h, --help     -V, --version

exit codes: 0 sent or printed, 1 not sent, 2 usage, 3 profile or secret file,
            4 host does not resolve, 70 internal error

  opener home ssh
  opener home ssh --for 10m --allow 203.0.113.7
  opener -v -p 51324 -d server.example.net -f 21 -k alice.seed
`;
