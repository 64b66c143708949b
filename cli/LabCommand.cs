using System.CommandLine;
using System.CommandLine.Parsing;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Cli.Bench;
using Lab.Cli.Compare;
using Lab.Cli.Completion;
using Lab.Cli.Doctor;
using Lab.Cli.Explore;
using Lab.Cli.Export;
using Lab.Cli.Fleet;
using Lab.Cli.Guest;
using Lab.Cli.Help;
using Lab.Cli.List;
using Lab.Cli.Options;
using Lab.Cli.Report;
using Lab.Cli.Reproduce;
using Lab.Cli.Run;
using Lab.Cli.Track;
using Lab.Cli.Watch;
using Lab.Settings;

namespace Lab.Cli;

/// <summary>The command line: <c>run</c>, which is also what no verb means, <c>compare</c>, <c>track</c>, <c>list</c>,
/// <c>report</c>, <c>bench</c>, <c>explore</c>, <c>guest</c>, <c>reproduce</c>, <c>fleet</c>, <c>export</c>, <c>doctor</c> and
/// <c>completion</c>.</summary>
internal static class LabCommand
{
    public static int Run(string[] args)
    {
        LabConsole console = LabConsole.OfProcess(args);
        using Interruption signals = console.Signals;
        signals.Listen();
        int code = Run(args, console);
        return code == ExitCode.Fine && signals.WasHeard ? ExitCode.Interrupted : code;
    }

    public static int Run(string[] args, LabConsole console)
    {
        int code = Verb.Guarded(console, () => Invoke(args, console));
        console.Out.Flush(); // a narrow terminal's last line may be held back
        if (console.Loss is not { } loss) return code;
        console.Error.WriteLine($"lab: {Verb.OneLine(loss.Said)}");
        // What was found is worse than that it was not printed. With its terminal, which sends SIGHUP, its output is gone too.
        return code != ExitCode.Fine ? code : console.Signals.WasHeard ? ExitCode.Interrupted : ExitCode.Usage;
    }

    private static int Invoke(string[] args, LabConsole console)
    {
        RootCommand root = Build(args, console);
        ParseResult parsed = root.Parse(args);
        // Whoever asks how a verb is used need not name what it is used on.
        if (HelpPage.AskedFor(root, parsed) is { } page) return page.Invoke(parsed);
        if ((Repeated(parsed) ?? (parsed.Errors.Count > 0 ? Complaint(parsed) : Misplaced(parsed))) is { } complaint)
        {
            console.Error.WriteLine($"lab: {Verb.OneLine(complaint)} See 'lab --help'.");
            return ExitCode.Usage;
        }
        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = console.Out,
            Error = console.Error,
        };
        return parsed.Invoke(configuration);
    }

    private static RootCommand Build(string[] args, LabConsole console)
    {
        RootCommand root =
            new("lab: what each way of zapping guest mappings costs, who pays, and whether the result is still right");
        AddRun(root, args, console);
        Command run = new("run", "measure strategies on workloads (also when no verb is given)");
        AddRun(run, args, console);
        root.Subcommands.Add(run);
        root.Subcommands.Add(CompareCommand.Build(args, console));
        root.Subcommands.Add(TrackCommand.Build(console));
        root.Subcommands.Add(ListCommand.Build(console));
        root.Subcommands.Add(ReportCommand.Build(console));
        root.Subcommands.Add(BenchCommand.Build(console));
        root.Subcommands.Add(ExploreCommand.Build(console));
        root.Subcommands.Add(GuestCommand.Build(console));
        root.Subcommands.Add(ReproduceCommand.Build(console));
        root.Subcommands.Add(FleetCommand.Build(args, console));
        root.Subcommands.Add(ExportCommand.Build(console));
        root.Subcommands.Add(DoctorCommand.Build(console));
        root.Subcommands.Add(CompletionCommand.Build(root, console));
        root.Subcommands.Add(WatchCommand.Build(console));
        HelpPage.Of(root, console);
        return root;
    }

    private static void AddRun(Command command, string[] args, LabConsole console)
    {
        SettingOptions options = new(RunSettings.All);
        options.AddTo(command);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            RunRequest request = RunRequest.Of(options.Read(parsed), new LabCatalogue());
            request.RefuseIdle();
            return new RunCommand(request, ["lab", .. args], console).Execute(console.Signals.Token);
        }));
    }

    /// <summary>The root command takes the options of <c>run</c>: before another verb they would be read and forgotten.</summary>
    private static string? Misplaced(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is RootCommand) return null;
        string verb = string.Join(' ', HelpPage.Words(parsed.CommandResult.Command));
        OptionResult? before = parsed.RootCommandResult.Children.OfType<OptionResult>()
            .FirstOrDefault(option => !option.Implicit && option.Option is Option<string> or Option<string[]>);
        return before is null ? null
            : $"Option '{before.Option.Name}' comes before the verb; write 'lab {verb} {before.Option.Name} …'.";
    }

    /// <summary>Of two values one would be forgotten.</summary>
    private static string? Repeated(ParseResult parsed) => parsed.CommandResult.Children.OfType<OptionResult>()
        .FirstOrDefault(given => given.IdentifierTokenCount > 1 && !given.Option.ValueType.IsArray) is { } twice
            ? $"Option '{twice.Option.Name}' is given twice; give it once." : null;

    /// <summary>A name behind a list of names, with a blank between them.</summary>
    private static string? Unjoined(ParseResult parsed, string name) =>
        parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(given =>
            given is { Implicit: false, Option: ISettingOption { Setting.IsList: true } option }
                && option.Setting.Words.Contains(name))
            is { } list ? $"'{name}' stands alone; values of {list.Option.Name} are joined by commas: "
                + $"{list.Option.Name} {string.Join(',', list.Tokens.Select(token => token.Value).Append(name))}." : null;

    private static string Complaint(ParseResult parsed)
    {
        string first = parsed.Errors[0].Message;
        foreach (OptionResult option in parsed.CommandResult.Children.OfType<OptionResult>())
        {
            if (option.Tokens.Count > 0
                && parsed.CommandResult.Command.Options.Any(other => other.Name == option.Tokens[^1].Value))
            {
                return $"Option '{option.Option.Name}' needs a value before '{option.Tokens[^1].Value}'.";
            }
        }
        string? unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        if (unknown is null) return first;
        if (Unjoined(parsed, unknown) is { } unjoined) return unjoined;
        IEnumerable<string> known = parsed.CommandResult.Command.Options.Select(option => option.Name)
            .Concat(parsed.CommandResult.Command.Subcommands.Where(command => !command.Hidden).Select(command => command.Name));
        string kind = unknown.StartsWith('-') ? "option" : "verb";
        string hint = Names.Nearest(unknown, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        string list = kind == "verb" && parsed.CommandResult.Command.Subcommands is { Count: > 0 } verbs
            ? $" There are: {string.Join(", ", verbs.Where(verb => !verb.Hidden).Select(verb => verb.Name))}."
            : "";
        return $"There is no {kind} '{unknown}'.{hint}{list}";
    }
}
