// SPDX-License-Identifier: Apache-2.0

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell sources to complete the program's command lines; the program itself says the candidates. */
export function shellScript(shell: Shell, program: string): string {
  const name = program.replaceAll("-", "_");
  return SCRIPTS[shell].replaceAll("@PROGRAM@", program).replaceAll("@NAME@", name);
}

// Each line of `__complete` is a candidate and, after a tab, what it means; the last line is ":0" where the shell should
// complete the name of a file, else ":4" (the numbers of kubectl's own protocol).

const BASH = `# bash completion of @PROGRAM@: source <(@PROGRAM@ completion bash)
_@NAME@_complete() {
  local line directive=":4" output
  COMPREPLY=()
  output=$("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return 0
  while IFS= read -r line; do
    case "$line" in
      :[0-9]*) directive=$line ;;
      ?*) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done <<< "$output"
  if [ "$directive" = ":0" ]; then compopt -o default; fi
}
complete -F _@NAME@_complete @PROGRAM@
`;

const ZSH = `#compdef @PROGRAM@
# zsh completion of @PROGRAM@: source <(@PROGRAM@ completion zsh), or a file _@PROGRAM@ in a directory of fpath
_@NAME@_complete() {
  local line directive=":4"
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :<->) directive=$line ;;
      *$'\\t'?*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      ?*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}") ;;
    esac
  done
  if (( \${#candidates} )); then
    _describe '@PROGRAM@' candidates
  elif [[ "$directive" == ":0" ]]; then
    _files
  fi
}
if [[ "\${funcstack[1]}" == "_@PROGRAM@" ]]; then
  _@NAME@_complete "$@"
else
  compdef _@NAME@_complete @PROGRAM@
fi
`;

const FISH = `# fish completion of @PROGRAM@: @PROGRAM@ completion fish | source
function __@NAME@_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct | string collect)
    set -l lines ($words[1] __complete -- $words[2..-1] "$last" 2>/dev/null)
    if test "$lines[-1]" = ":0"
        __fish_complete_path "$last"
    end
    for line in $lines
        if not string match -qr '^:[0-9]+$' -- $line
            echo $line
        end
    end
end
complete -c @PROGRAM@ -f -a '(__@NAME@_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
