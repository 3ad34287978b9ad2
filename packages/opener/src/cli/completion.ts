import { writeStandardOutput } from '../system/standard-output.js';
import type { Shell } from './options.js';

const SUBCOMMANDS = 'send import list proxy doctor completion keygen';
const OPTIONS =
  '--destination --port --action --key --profile --ipv4 --ipv6 --allow --for --arg --wait --no-wait ' +
  '--source --source-port --ttl --print --verbose --help --version';
/** Those that take a value, so that the word after them is no profile. */
const WITH_VALUE =
  '-d|--destination|-p|--port|-f|--action|-k|--key|--profile|--allow|--for|--arg|--wait|--source|--source-port|--ttl';

/** Finds the words that are no options, which bash and zsh do alike. */
const BASH = `# bash completion for opener: eval "$(opener completion bash)"
_opener() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=() at candidates
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${WITH_VALUE}) ((at++)) ;;
      -*) ;;
      *) words+=("\${COMP_WORDS[at]}") ;;
    esac
  done
  COMPREPLY=()
  case $previous in
    -k|--key|--profile) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${WITH_VALUE}) return ;;
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "${OPTIONS}" -- "$current")); return ;;
  esac
  case "\${#words[@]} \${words[0]}" in
    '0 ') candidates="$(opener completion-words) ${SUBCOMMANDS}" ;;
    '1 send'|'1 doctor') candidates=$(opener completion-words) ;;
    '1 completion') candidates='bash zsh fish' ;;
    '1 keygen'|'1 import') COMPREPLY=($(compgen -f -- "$current")); return ;;
    '1 list') candidates=--json ;;
    '1 proxy'|'2 proxy'|'2 doctor') return ;;
    '2 send') candidates=$(opener completion-words "\${words[1]}") ;;
    '1 '*) candidates=$(opener completion-words "\${words[0]}") ;;
    *) return ;;
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -F _opener opener
`;

const ZSH = `#compdef opener
# zsh completion for opener: eval "$(opener completion zsh)"
_opener() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} at
  local -a given
  for ((at = 2; at < CURRENT; at++)); do
    case \${words[at]} in
      (${WITH_VALUE}) ((at++)) ;;
      (-*) ;;
      (*) given+=("\${words[at]}") ;;
    esac
  done
  case $previous in
    (-k|--key|--profile) _files; return ;;
    (${WITH_VALUE}) return ;;
  esac
  if [[ $current == -* ]]; then compadd -- \${=:-${OPTIONS}}; return; fi
  case "\${#given} \${given[1]}" in
    ('0 ') compadd -- \${(f)"$(opener completion-words)"} ${SUBCOMMANDS} ;;
    ('1 send'|'1 doctor') compadd -- \${(f)"$(opener completion-words)"} ;;
    ('1 completion') compadd -- bash zsh fish ;;
    ('1 keygen'|'1 import') _files ;;
    ('1 list') compadd -- --json ;;
    ('1 proxy'|'2 proxy'|'2 doctor') ;;
    ('2 send') compadd -- \${(f)"$(opener completion-words \${given[2]})"} ;;
    ('1 '*) compadd -- \${(f)"$(opener completion-words \${given[1]})"} ;;
  esac
}
compdef _opener opener
`;

const FISH = `# fish completion for opener: opener completion fish | source
function __opener_given
  set -l words (commandline -opc)
  set -l skip 0
  for word in $words[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    switch $word
      case ${WITH_VALUE.split('|').join(' ')}
        set skip 1
      case '-*'
      case '*'
        echo $word
    end
  end
end
function __opener_candidates
  set -l given (__opener_given)
  switch (count $given)" $given[1]"
    case '0 '
      opener completion-words
      string split ' ' '${SUBCOMMANDS}'
    case '1 send' '1 doctor'
      opener completion-words
    case '1 completion'
      string split ' ' 'bash zsh fish'
    case '1 keygen' '1 import'
      __fish_complete_path (commandline -ct)
    case '1 list' '1 proxy' '2 proxy' '2 doctor'
    case '2 send'
      opener completion-words $given[2]
    case '1 *'
      opener completion-words $given[1]
  end
end
complete -c opener -f -a '(__opener_candidates)'
complete -c opener -l json -n 'contains -- list (__opener_given)'
complete -c opener -s d -l destination -x
complete -c opener -s p -l port -x
complete -c opener -s f -l action -x
complete -c opener -s k -l key -r -F
complete -c opener -l profile -r -F
complete -c opener -s 4 -l ipv4
complete -c opener -s 6 -l ipv6
complete -c opener -l allow -x
complete -c opener -l for -x
complete -c opener -l arg -x
complete -c opener -l wait -x
complete -c opener -l no-wait
complete -c opener -l source -x
complete -c opener -l source-port -x
complete -c opener -l ttl -x
complete -c opener -l print
complete -c opener -s v -l verbose
complete -c opener -s h -l help
complete -c opener -s V -l version
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Prints the script that has a shell complete opener's words. */
export async function completion(shell: Shell): Promise<void> {
  await writeStandardOutput(SCRIPTS[shell]);
}
