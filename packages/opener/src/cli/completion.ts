import { writeStandardOutput } from '../system/standard-output.js';
import { SUBCOMMAND_NAMES, type Shell } from './options.js';
import { OPTIONS, OPTIONS_OF, type OptionName } from './words.js';

const SUBCOMMANDS = SUBCOMMAND_NAMES.join(' ');

const NAMES = Object.keys(OPTIONS) as OptionName[];

/** What those that do not send take; of these options, some belong to one of them alone. */
const TAKEN: readonly (readonly [subcommand: string, options: readonly OptionName[]])[] =
  Object.entries(OPTIONS_OF);
const OF_ONE: readonly OptionName[] = [...OPTIONS_OF.import, ...OPTIONS_OF.list];

/** Those whose value is the name of a file. */
const FILES: readonly OptionName[] = ['key', 'profile', 'passphrase-file'];

const SENT = NAMES.filter((name) => !OF_ONE.includes(name));
const SEND = flags(SENT).join(' ');

/** Those that take a value, so that the word after them is no profile. */
const WITH_VALUE = patterns(NAMES.filter((name) => OPTIONS[name].type === 'string'));
const WITH_FILE = patterns(FILES);

function flags(names: readonly OptionName[]): string[] {
  return names.map((name) => `--${name}`);
}

/** All ways to write some options, as the pattern of a shell's `case`. */
function patterns(names: readonly OptionName[]): string {
  return names.flatMap((name) => [...shortOf(name).map((letter) => `-${letter}`), `--${name}`]).join('|');
}

function shortOf(name: OptionName): string[] {
  const option = OPTIONS[name];
  return 'short' in option ? [option.short] : [];
}

/** Finds the words that are no options, which bash and zsh do alike. */
const BASH = `# bash completion for opener: eval "$(opener completion bash)"
_opener() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=() at candidates=''
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${WITH_VALUE}) ((at++)) ;;
      -*) ;;
      *) words+=("\${COMP_WORDS[at]}") ;;
    esac
  done
  COMPREPLY=()
  case $previous in
    ${WITH_FILE}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${WITH_VALUE}) return ;;
  esac
  case "\${words[0]} $current" in
${eachTaken((subcommand, options) => `    '${subcommand} -'*) candidates='${options}' ;;`)}
    *' -'*) candidates='${SEND}' ;;
  esac
  if [[ $candidates ]]; then COMPREPLY=($(compgen -W "$candidates" -- "$current")); return; fi
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
    (${WITH_FILE}) _files; return ;;
    (${WITH_VALUE}) return ;;
  esac
  case "\${given[1]} $current" in
${eachTaken((subcommand, options) => `    ('${subcommand} -'*) compadd -- ${options}; return ;;`)}
    (*' -'*) compadd -- ${SEND}; return ;;
  esac
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
function __opener_subcommand
  set -l given (__opener_given)
  switch "$given[1]"
    case ${TAKEN.map(([subcommand]) => subcommand).join(' ')}
      echo $given[1]
    case '*'
      echo send
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
${NAMES.map(fishOption).join('\n')}
`;

/** A line for each subcommand that does not send, with all that it takes. */
function eachTaken(line: (subcommand: string, options: string) => string): string {
  return TAKEN.map(([subcommand, options]) => line(subcommand, flags([...options, 'help']).join(' '))).join(
    '\n',
  );
}

/** How fish is told of an option, and where it belongs. */
function fishOption(name: OptionName): string {
  const takers = TAKEN.filter(([, options]) => name === 'help' || options.includes(name));
  const all = [...(SENT.includes(name) ? ['send'] : []), ...takers.map(([subcommand]) => subcommand)];
  const value = FILES.includes(name) ? ['-r', '-F'] : OPTIONS[name].type === 'string' ? ['-x'] : [];
  return [
    'complete -c opener',
    ...shortOf(name).map((letter) => `-s ${letter}`),
    `-l ${name}`,
    ...value,
    `-n 'contains -- (__opener_subcommand) ${all.join(' ')}'`,
  ].join(' ');
}

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Prints the script that has a shell complete opener's words. */
export async function completion(shell: Shell): Promise<void> {
  await writeStandardOutput(SCRIPTS[shell]);
}
