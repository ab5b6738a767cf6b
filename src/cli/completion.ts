// What shells are told to complete: every command with its options and their choices, read off the
// commands themselves.

import type { Command, Option } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** One command, e.g. "show flows"; "" is the program itself. */
interface Node {
  readonly words: string;
  readonly commands: readonly Command[];
  readonly options: readonly Option[];
  /** Whether it is given files. */
  readonly files: boolean;
}

export function completionScript(program: Command, shell: Shell): string {
  const nodes = nodesOf(program, "");
  if (shell === "fish") return fish(nodes);
  return shell === "bash" ? bash(nodes) : zsh(nodes);
}

function nodesOf(command: Command, words: string): Node[] {
  const below = command.commands.flatMap((each) =>
    nodesOf(each, words === "" ? each.name() : `${words} ${each.name()}`),
  );
  const { commands, options, registeredArguments } = command;
  const files = registeredArguments.some((each) => /file|story|in$/i.test(each.name()));
  return [{ words, commands, options, files }, ...below];
}

/** What may follow. */
function wordsOf({ commands, options }: Node): string[] {
  return [...commands.map((each) => each.name()), ...options.map(flagOf), "--help"];
}

function flagOf({ long, short }: Option): string {
  return long ?? short ?? "";
}

function choicesOf(nodes: readonly Node[]): Map<string, readonly string[]> {
  const all = nodes.flatMap(({ options }) => options);
  return new Map(
    all.flatMap((option) => (option.argChoices ? [[flagOf(option), option.argChoices]] : [])),
  );
}

/** Walks the words before the cursor down to the command that they name. */
const WALK = `  local path="" word
  for word in "\${before[@]}"; do
    case " $commands " in
      *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;;
    esac
  done`;

function slashed(words: string): string {
  return words.replaceAll(" ", "/");
}

function shellCases(nodes: readonly Node[], files: string, reply: (words: string) => string) {
  const choices = Array.from(choicesOf(nodes), ([flag, values]) => {
    return `    ${flag}) ${reply(values.join(" "))}; return ;;`;
  });
  const cases = nodes.map((node) => {
    const more = node.files ? `; ${files}` : "";
    return `    "${slashed(node.words)}") ${reply(wordsOf(node).join(" "))}${more} ;;`;
  });
  return `  case "$previous" in\n${choices.join("\n")}\n  esac
${WALK}
  case "$path" in\n${cases.join("\n")}\n  esac`;
}

function commandList(nodes: readonly Node[]): string {
  return nodes
    .filter(({ words }) => words !== "")
    .map(({ words }) => slashed(words))
    .join(" ");
}

function bash(nodes: readonly Node[]): string {
  const reply = (words: string) => `COMPREPLY=($(compgen -W "${words}" -- "$current"))`;
  const files = 'COMPREPLY+=($(compgen -f -- "$current"))';
  return `# isthmus completion bash > /etc/bash_completion.d/isthmus
_isthmus() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  local commands="${commandList(nodes)}"
${shellCases(nodes, files, reply)}
}
complete -o filenames -F _isthmus isthmus
`;
}

function zsh(nodes: readonly Node[]): string {
  const reply = (words: string) => `compadd -- ${words}`;
  return `#compdef isthmus
# isthmus completion zsh > ~/.zfunc/_isthmus, with fpath+=~/.zfunc before compinit
_isthmus() {
  local previous="\${words[CURRENT-1]}"
  local before=("\${(@)words[2,CURRENT-1]}")
  local commands="${commandList(nodes)}"
${shellCases(nodes, "_files", reply)}
}
compdef _isthmus isthmus
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap((node) => {
    const here = fishCondition(node);
    const commands = node.commands.map((each) =>
      fishLine(here, `-f -a ${each.name()}`, each.description()),
    );
    const options = node.options.map((option) => {
      const values = option.argChoices ? ` -xa "${option.argChoices.join(" ")}"` : "";
      const takes = option.required && values === "" ? " -r" : "";
      const name = option.long ? `-l ${option.long.slice(2)}` : `-s ${option.short?.slice(1)}`;
      return fishLine(here, name + takes + values, option.description);
    });
    return [...commands, ...options];
  });
  return `# isthmus completion fish > ~/.config/fish/completions/isthmus.fish\n${lines.join("")}`;
}

/** Whether the words on the line name that command and none below it. */
function fishCondition({ words, commands }: Node): string {
  const seen = words
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const below = commands.map((each) => each.name()).join(" ");
  if (words === "") return "__fish_use_subcommand";
  return [...seen, ...(below ? [`not __fish_seen_subcommand_from ${below}`] : [])].join("; and ");
}

function fishLine(condition: string, what: string, description: string): string {
  const said = description.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  return `complete -c isthmus -n '${condition}' ${what} -d '${said}'\n`;
}
