using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Lab.Application;
using Lab.Application.Settings;
using Lab.Cli.Options;
using Lab.Measure;
using Lab.Report.Documents;
using Lab.Settings;

namespace Lab.Cli.Help;

/// <summary><c>--help</c>: verbs first, then options under the headings of their declarations. Without a verb only those that
/// most runs need, and <c>--help-all</c> for the rest.</summary>
internal sealed class HelpPage(LabConsole console, bool isWhole) : SynchronousCommandLineAction
{
    /// <summary>Of the names, so that the texts of most sections stand in one column.</summary>
    private const int WidthMost = 18;

    private static readonly IReadOnlyList<Setting> Few =
    [
        RunSettings.Strategy, RunSettings.Workload, RunSettings.Mmu, RunSettings.Vcpus, RunSettings.Memory,
        WindowSettings.Declared.Duration, RunSettings.Runs, RunSettings.Format, RunSettings.Out,
    ];

    private sealed record Rows(string Heading, IReadOnlyList<(string Name, string Text)> All);

    /// <summary>Gives the command and all its verbs these pages.</summary>
    public static void Of(RootCommand root, LabConsole console)
    {
        root.Options.OfType<HelpOption>().Single().Action = new HelpPage(console, isWhole: false);
        root.Options.Add(new Option<bool>("--help-all")
            { Description = "the same with all options", Action = new HelpPage(console, isWhole: true) });
    }

    /// <summary>The page, where it was asked for and a name that its verb needs was not given; null where there is nothing wrong
    /// with that, or something else is, too.</summary>
    public static HelpPage? AskedFor(RootCommand root, ParseResult parsed)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        bool isAsked = parsed.Errors.Count > 0 && parsed.UnmatchedTokens.Count == 0 && parsed.GetResult(help) is not null;
        return isAsked ? (HelpPage)help.Action! : null;
    }

    /// <summary>What is typed for a command, behind the program's name.</summary>
    public static IEnumerable<string> Words(Command command) => command is RootCommand ? []
        : [.. command.Parents.OfType<Command>().SelectMany(Words), command.Name];

    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        bool isShort = command is RootCommand && !isWhole;
        Command[] verbs = [.. command.Subcommands.Where(verb => !verb.Hidden)];
        Rows[] rows =
        [
            new("Verbs", [.. verbs.Select(verb => (verb.Name, verb.Description!))]),
            new("Arguments", [.. command.Arguments.Select(argument => (argument.Name, argument.Description!))]),
            .. Options(command, isShort),
        ];
        int width = Math.Min(WidthMost, rows.SelectMany(one => one.All).Max(one => one.Name.Length));
        console.Text.Write(new Document("")
        {
            Answer = [new(command.Description!), new(Usage(command, verbs.Length > 0))],
            Parts =
            [
                .. rows.Where(one => one.All.Count > 0).Select(one => new Section(one.Heading, [new Table(["name", "text"],
                    [.. one.All.Select(row => (IReadOnlyList<Cell>)[row.Name.PadRight(width), row.Text])]) { IsFacts = true }])),
                .. isShort
                    ? (Part[])[new Prose("All options: 'lab --help-all'. Of a verb: 'lab VERB --help'. Names: 'lab list'.")] : [],
            ],
        });
        return ExitCode.Fine;
    }

    private static string Usage(Command command, bool hasVerbs)
    {
        IEnumerable<string> arguments = command.Arguments.Select(
            argument => argument.Arity.MaximumNumberOfValues > 1 ? $"[{argument.Name} …]" : $"[{argument.Name}]");
        string[] further = hasVerbs ? ["[VERB]"] : [];
        return $"Usage: {string.Join(' ', ["lab", .. Words(command), .. further, .. arguments, "[options]"])}";
    }

    private static IEnumerable<Rows> Options(Command command, bool isShort)
    {
        Option[] options = [.. command.Options.Where(option => !option.Hidden)
            .Concat(command is RootCommand ? [] : [new HelpOption()]).OrderBy(option => option is not ISettingOption)];
        if (isShort) options = [.. options.Where(option => option is not ISettingOption own || Few.Contains(own.Setting))];
        return options.GroupBy(option => isShort ? "Options" : HeadingOf(option, command))
            .Select(group => new Rows(group.Key, [.. group.Select(option => (NameOf(option), Describe(option)))]));
    }

    /// <summary>A verb's own need no heading that repeats its name.</summary>
    private static string HeadingOf(Option option, Command command) =>
        option is ISettingOption { Setting.Group: { } group } && group.Title != command.Name ? group.HeadingOf("")
            : "Options";

    /// <summary>With the short one that a verb gives it.</summary>
    private static string NameOf(Option option) =>
        option is HelpOption ? option.Name : string.Join(", ", option.Aliases.Prepend(option.Name));

    private static string Describe(Option option)
    {
        string text = option is ISettingOption own ? own.Setting.DescriptionInGroup : option.Description!;
        return option is Option<bool> or { HasDefaultValue: false }
            || option.GetDefaultValue() is not string { Length: > 0 } value ? text : $"{text} [default: {value}]";
    }
}
