using System.CommandLine;
using Lab.Application;
using Lab.Settings;

namespace Lab.Cli.Completion;

/// <summary><c>lab completion SHELL</c>: the script that completes verbs, options and their values.</summary>
internal static class CompletionCommand
{
    private static readonly (string Shell, Func<CompletionScript, string> Write)[] Shells =
        [("bash", script => script.Bash()), ("zsh", script => script.Zsh()), ("fish", script => script.Fish())];

    /// <param name="root">All that can be completed, this verb included.</param>
    /// <param name="console">Takes the script.</param>
    public static Command Build(RootCommand root, LabConsole console)
    {
        string shells = string.Join(", ", Shells.Select(one => one.Shell));
        Argument<string> shell = new("shell") { Description = shells, Arity = ArgumentArity.ZeroOrOne };
        shell.CompletionSources.Add([.. Shells.Select(one => one.Shell)]);
        Command command = new("completion", "completes names in a shell, which reads what 'lab completion bash' prints");
        command.Arguments.Add(shell);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            string wanted = parsed.GetValue(shell)
                ?? throw new UsageException($"lab completion needs to know the shell: {shells}.");
            console.Out.Write(Names.Find("shell", wanted, Shells, one => one.Shell).Write(new CompletionScript(root)));
            return ExitCode.Fine;
        }));
        return command;
    }
}
