using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;
using Lab.Cli.Options;

namespace Lab.Cli.Completion;

/// <summary>What a shell needs to complete a command line without starting the program, which takes longer than people wait for
/// a key: the tree of commands written down, with the words of each option. Names of plugins are not in it.</summary>
internal sealed class CompletionScript(RootCommand root)
{
    private const string Name = "lab";

    private sealed record Scope(IReadOnlyList<string> Path, Command Command)
    {
        public override string ToString() => string.Join(' ', Path);
    }

    private IReadOnlyList<Scope> Scopes { get; } = [.. ScopesOf([Name], root)];

    public string Bash()
    {
        StringBuilder text = new();
        text.Append("# Completes lab in bash: source <(lab completion bash)\n");
        Body(text);
        return text.ToString();
    }

    /// <summary>By zsh's own reader of scripts for bash.</summary>
    public string Zsh()
    {
        StringBuilder text = new();
        text.Append("# Completes lab in zsh, behind compinit: source <(lab completion zsh)\n");
        text.Append("autoload -U +X bashcompinit && bashcompinit\n");
        Body(text);
        return text.ToString();
    }

    public string Fish()
    {
        StringBuilder text = new();
        text.Append("# Completes lab in fish: lab completion fish | source\n");
        foreach (Scope scope in Scopes)
        {
            string[] verbs = [.. Verbs(scope.Command).Select(one => one.Name)];
            string none = verbs.Length == 0 ? "" : $"not __fish_seen_subcommand_from {string.Join(' ', verbs)}";
            string here = string.Join("; and ", scope.Path.Skip(1).Select(one => $"__fish_seen_subcommand_from {one}")
                .Append(none).Where(one => one.Length > 0));
            string line = $"complete -c {Name} -n {Quoted(here)}";
            foreach (Command verb in Verbs(scope.Command))
            {
                text.Append($"{line} -f -a {verb.Name} -d {Quoted(verb.Description ?? "")}\n");
            }
            foreach (string word in scope.Command.Arguments.SelectMany(WordsOf)) text.Append($"{line} -f -a {word}\n");
            foreach (Option option in Options(scope.Command))
            {
                string words = string.Join(' ', WordsOf(option));
                string choice = option is ISettingOption { Setting.IsList: true } ? $"(__fish_append , {words})" : words;
                string value = !TakesValue(option) ? "" : words.Length == 0 ? " -r" : $" -x -a {Quoted(choice)}";
                text.Append($"{line} -l {option.Name.TrimStart('-')}{value} -d {Quoted(option.Description ?? "")}\n");
            }
        }
        return text.ToString();
    }

    private void Body(StringBuilder text)
    {
        text.Append("""
            _lab() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path=lab words= head= index
                if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
                for ((index = 1; index < COMP_CWORD; index++)); do
                    case "$path ${COMP_WORDS[index]}" in

            """);
        Case(text, 12, Scopes.Skip(1).Select(scope => scope.ToString()), "path=\"$path ${COMP_WORDS[index]}\"");
        text.Append("""
                        *) break ;;
                    esac
                done
                case "$path $prev" in

            """);
        IEnumerable<(string Place, string Words)> values = Scopes.SelectMany(scope => Options(scope.Command).Where(TakesValue)
            .Select(option => (Place: $"{scope} {option.Name}", Words: string.Join(' ', WordsOf(option)))));
        foreach (IGrouping<string, string> same in values.GroupBy(one => one.Words, one => one.Place))
        {
            Case(text, 8, same, same.Key.Length == 0 ? "return" : $"words=\"{same.Key}\""); // else a file's name
        }
        text.Append("        *)\n            case \"$path ${cur:0:1}\" in\n");
        foreach (Scope scope in Scopes)
        {
            Case(text, 16, [$"{scope} -"], $"words=\"{string.Join(' ', Options(scope.Command).Select(one => one.Name))}\"");
        }
        text.Append("                *)\n                    case $path in\n");
        foreach (Scope scope in Scopes)
        {
            IEnumerable<string> names =
                Verbs(scope.Command).Select(one => one.Name).Concat(scope.Command.Arguments.SelectMany(WordsOf));
            Case(text, 24, [scope.ToString()], $"words=\"{string.Join(' ', names)}\"");
        }
        text.Append("""
                                esac ;;
                        esac ;;
                esac
                if [[ $cur == *,* ]]; then head=${cur%,*},; fi
                COMPREPLY=($(compgen -P "$head" -W "$words" -- "${cur##*,}"))
            }
            complete -o default -F _lab lab

            """);
    }

    private static void Case(StringBuilder text, int indent, IEnumerable<string> patterns, string then) =>
        text.Append(' ', indent).AppendJoin(" | ", patterns.Select(one => $"\"{one}\"")).Append($") {then} ;;\n");

    private static IEnumerable<Scope> ScopesOf(IReadOnlyList<string> path, Command command) =>
        [new Scope(path, command), .. Verbs(command).SelectMany(verb => ScopesOf([.. path, verb.Name], verb))];

    private static IEnumerable<Command> Verbs(Command command) => command.Subcommands.Where(verb => !verb.Hidden);

    private IEnumerable<Option> Options(Command command) =>
        command.Options.Concat(command == root ? [] : root.Options.Where(option => option.Recursive))
            .Where(option => !option.Hidden);

    private static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;

    private static IEnumerable<string> WordsOf(Symbol symbol) =>
        symbol.GetCompletions(CompletionContext.Empty).Select(one => one.Label).Where(word => !word.Contains(' '));

    private static string Quoted(string text) => $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";
}
