// Writes the completion scripts of bash, zsh and fish from the tree of commands, so that they never lag behind it.
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The completion script of `shell` for `program` with all its commands and options; hidden ones are left out. */
export function completionScript(shell: Shell, program: Command): string {
  const nodes = nodesOf(program, []);
  const name = program.name();
  switch (shell) {
    case 'bash':
      return bashScript(name, nodes);
    case 'zsh':
      return zshScript(name, nodes);
    case 'fish':
      return fishScript(name, nodes);
  }
}

/** A command as completion sees it. */
interface Node {
  /** The words that lead to it, without the program's own name; empty for the program. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
}

interface OptionWords {
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

function nodesOf(command: Command, path: readonly string[]): Node[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const node = {
    path,
    commands: commands.map((each) => ({ name: each.name(), description: firstSentence(each.description()) })),
    options: help.visibleOptions(command).flatMap(optionWords),
  };
  return [node, ...commands.flatMap((each) => nodesOf(each, [...path, each.name()]))];
}

function optionWords(option: Option): OptionWords[] {
  if (option.long === undefined) return [];
  return [
    {
      long: option.long,
      description: firstSentence(option.description),
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    },
  ];
}

function firstSentence(text: string): string {
  return text.split(/[.;(\n]/)[0]?.trim() ?? '';
}

/** Everything between single quotes is literal in all three shells, a single quote aside. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function functionName(program: string): string {
  return `_${program.replaceAll(/\W/g, '_')}`;
}

const listed = (path: readonly string[]): string => quoted(path.join(' '));

/** Lines of a shell `case` that find the command the words before the cursor lead to; bash and zsh share them. */
function descentCases(nodes: readonly Node[]): string {
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => path);
  return paths.map((path) => `      ${listed(path)}) at=${listed(path)} ;;`).join('\n');
}

/** Lines of a shell `case` that give the words of an option's value; an empty list leaves it to file names. */
function choiceCases(nodes: readonly Node[]): string {
  const cases = nodes.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ long, choices }) => `    ${listed([...path, long])}) isValue=1; choices=${quoted(choices.join(' '))} ;;`),
  );
  return cases.join('\n');
}

function bashScript(program: string, nodes: readonly Node[]): string {
  const name = functionName(program);
  const words = nodes.map(
    ({ path, commands, options }) =>
      `    ${listed(path)}) commands=${quoted(commands.map((each) => each.name).join(' '))}; options=${quoted(options.map(({ long }) => long).join(' '))} ;;`,
  );
  // Bash splits --option=value at the equals sign; a list such as --keep valid,ca is completed behind its last comma.
  return `# bash completion for ${program}; load it with: source <(${program} completion bash)
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous='' at='' word='' index done_part='' isValue=0
  local commands='' options='' choices=''
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${at:+$at }\${COMP_WORDS[index]}
    case "$word" in
${descentCases(nodes)}
    esac
  done
  ((COMP_CWORD > 1)) && previous=\${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]] && ((COMP_CWORD > 2)); then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "\${at:+$at }$previous" in
${choiceCases(nodes)}
  esac
  if ((isValue)); then
    [[ -z $choices ]] && return
    [[ $current == *,* ]] && done_part=\${current%,*},
    COMPREPLY=($(compgen -P "$done_part" -W "$choices" -- "\${current##*,}"))
    return
  fi
  case "$at" in
${words.join('\n')}
  esac
  [[ $current != -* ]] && options=''
  COMPREPLY=($(compgen -W "$commands $options" -- "$current"))
}
complete -o default -F ${name} ${program}
`;
}

function zshScript(program: string, nodes: readonly Node[]): string {
  const name = functionName(program);
  const described = (word: string, description: string): string =>
    quoted(`${word.replaceAll(':', '\\:')}:${description}`);
  const words = nodes.map(({ path, commands, options }) =>
    [
      `    ${listed(path)})`,
      `      commands=(${commands.map((each) => described(each.name, each.description)).join(' ')})`,
      `      options=(${options.map(({ long, description }) => described(long, description)).join(' ')}) ;;`,
    ].join('\n'),
  );
  return `#compdef ${program}
# zsh completion for ${program}; load it with: source <(${program} completion zsh)
${name}() {
  local at='' word='' choices='' isValue=0 index
  local -a commands options
  for ((index = 2; index < CURRENT; index++)); do
    word="\${at:+$at }\${words[index]}"
    case "$word" in
${descentCases(nodes)}
    esac
  done
  local previous="\${words[CURRENT - 1]}"
  if [[ "$PREFIX" == --*=* ]]; then
    previous="\${PREFIX%%=*}"
    compset -P 1 '*='
  fi
  case "\${at:+$at }$previous" in
${choiceCases(nodes)}
  esac
  if ((isValue)); then
    if [[ -z "$choices" ]]; then
      _files
    else
      compset -P '*,'
      compadd -- \${=choices}
    fi
    return
  fi
  case "$at" in
${words.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option options
  elif ((\${#commands})); then
    _describe command commands
  else
    _files
  fi
}
if [[ "$funcstack[1]" == ${quoted(name)} ]]; then
  ${name} "$@"
else
  compdef ${name} ${program}
fi
`;
}

function fishScript(program: string, nodes: readonly Node[]): string {
  const path = `_${functionName(program)}_path`;
  const descents = nodes
    .filter((node) => node.path.length > 0)
    .map((node) => `      case ${listed(node.path)}\n        set at ${listed(node.path)}`);
  return `# fish completion for ${program}; load it with: ${program} completion fish | source
function ${path}
  set -l at ''
  for word in (commandline -opc)[2..]
    switch (string trim -- "$at $word")
${descents.join('\n')}
    end
  end
  test "$at" = "$argv"
end
${nodes.flatMap((node) => fishLines(program, path, node)).join('\n')}
`;
}

function fishLines(program: string, path: string, node: Node): string[] {
  const head = `complete -c ${program} -n "${path} ${listed(node.path)}"`;
  const commands = node.commands.map(({ name, description }) => `${head} -f -a ${name} -d ${fishQuoted(description)}`);
  const options = node.options.map(({ long, description, takesValue, choices }) => {
    // __fish_append completes behind the last comma.
    const words = ` -x -a ${fishQuoted(`(__fish_append , ${choices.join(' ')})`)}`;
    const value = choices.length > 0 ? words : takesValue ? ' -r' : '';
    return `${head} -l ${long.slice(2)}${value} -d ${fishQuoted(description)}`;
  });
  return [...commands, ...options];
}

/** Within fish's single quotes a backslash escapes a quote and itself. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
