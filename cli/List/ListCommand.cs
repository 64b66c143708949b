using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Cli.Run;
using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Programs;
using Lab.Explorer.Scenarios;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Settings;
using Lab.Strategies;

namespace Lab.Cli.List;

/// <summary><c>lab list</c>: what can be named, and the runs, comparisons and baselines that there are.</summary>
internal static class ListCommand
{
    private static readonly string[] Kinds =
        ["strategies", "notifiers", "ageing", "workloads", "mmus", "runs", "comparisons", "baselines", "scenarios", "programs",
            "limits", "schema"];

    public static Command Build(LabConsole console)
    {
        Argument<string> kind = new("kind") { Description = "strategies, notifiers, ageing, workloads, mmus, scenarios, "
            + "programs, runs, comparisons, baselines, limits of the explorer's model, or schema of the JSON; a screen of "
            + "what is used most if absent", Arity = ArgumentArity.ZeroOrOne };
        kind.CompletionSources.Add(Kinds);
        Option<string> folder = new("--out") { Description = "folder of the run folders or comparisons, results/runs or "
            + "results/comparisons by default; baselines are beside it" };
        Option<string[]> plugin = new("--plugin") { Description = "assembly that offers strategies of its own; may be repeated" };
        Command command = new("list", "what can be run, and the runs so far");
        command.Arguments.Add(kind);
        command.Options.Add(folder);
        command.Options.Add(plugin);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            LabCatalogue catalogue = new();
            foreach (string path in parsed.GetValue(plugin) ?? []) catalogue.AddPlugin(path);
            string? wanted = parsed.GetValue(kind);
            if (wanted is not null) Names.Find("list", wanted, Kinds, name => name);
            if (wanted is null) PrintScreen(console, catalogue);
            if (wanted is "strategies")
            {
                Print(console, "strategies", catalogue.MembersOf(Family.Roots).Select(one => (one.Name, Describe(one))));
            }
            if (wanted is "notifiers")
            {
                Print(console, "notifiers", catalogue.MembersOf(Family.Notifier).Select(one => (one.Name, Describe(one))));
            }
            if (wanted is "ageing")
            {
                Print(console, "ageing", catalogue.MembersOf(Family.Ageing).Select(one => (one.Name, Describe(one))));
            }
            if (wanted is "workloads")
            {
                Print(console, "workloads", catalogue.Workloads.Select(one => (one.Name, one.Card.Story)));
            }
            if (wanted is "mmus") Print(console, "mmus", catalogue.Mmus);
            if (wanted is "scenarios")
            {
                Print(console, "scenarios", catalogue.Scenarios.Select(one => (one.Name, Describe(one))));
            }
            if (wanted is "programs")
            {
                Print(console, "programs", 
                    ClassicPrograms.All.Select(one => (one.Name, Describe(one))).Append((RmapLock.Name, RmapLock.Story)));
            }
            if (wanted == "limits") console.Text.Write(new Document("") { Parts = [new Items([.. ModelLimits.All])] });
            if (wanted == "schema") console.Out.WriteLine(Records.Schemas());
            if (wanted == "runs") PrintRuns(console, parsed.GetValue(folder) ?? Path.Combine("results", "runs"));
            if (wanted == "comparisons")
            {
                KeptLists.PrintComparisons(console, parsed.GetValue(folder) ?? Path.Combine("results", "comparisons"));
            }
            if (wanted == "baselines")
            {
                KeptLists.PrintBaselines(console,
                    SavedBaseline.Beside(parsed.GetValue(folder) ?? Path.Combine("results", "runs")));
            }
            return ExitCode.Fine;
        }));
        return command;
    }

    /// <summary>A line for each strategy and workload; the other kinds by name.</summary>
    private static void PrintScreen(LabConsole console, LabCatalogue catalogue)
    {
        (string Name, string Text)[] strategies =
            [.. catalogue.MembersOf(Family.Roots).Where(one => !one.IsBroken).Select(one => (one.Name, one.Card.Idea))];
        (string Name, string Text)[] workloads = [.. catalogue.Workloads.Select(one => (one.Name, one.Card.Story))];
        int room = TextGrid.Width - TextGrid.Gap.Length - strategies.Concat(workloads).Max(one => one.Name.Length);
        IEnumerable<(string, string)> Short((string Name, string Text)[] rows) => rows.Select(one => (one.Name,
            one.Text.Length <= room ? one.Text : $"{TextGrid.Wrap(one.Text, room - 2)[0]} …"));
        string broken = string.Join(", ", catalogue.MembersOf(Family.Roots).Where(one => one.IsBroken).Select(one => one.Name));
        Print(console, "strategies", Short(strategies));
        console.Text.Write(new Document("") { Parts = [new Prose($"BROKEN, only when named: {broken}")] });
        Print(console, "workloads", Short(workloads));
        console.Text.Write(new Document("") { Parts = [new Prose(
            $"mmus: {string.Join(", ", catalogue.Mmus.Select(one => one.Name))}. More of each, and the others: 'lab list KIND', "
                + $"KIND one of {string.Join(", ", Kinds)}.")] });
    }

    private static string Describe(Member one)
    {
        string status = one.IsBroken ? $"BROKEN. {one.Card.Breaks}. " : "";
        return $"{status}{one.Card.Idea} [{one.Card.Source}]";
    }

    private static string Describe(Scenario one)
    {
        string parameters = one.Parameters.Count == 0 ? "" : $" [{ScenarioChoice.Describe(one)}]";
        return $"{one.Story}{(one.Rejects.Count == 0 ? "" : $" Rejects {string.Join(", ", one.Rejects)}.")}{parameters}";
    }

    private static string Describe(ClassicProgram one) =>
        string.Create(CultureInfo.InvariantCulture, $"{one.Story} [size {one.DefaultSize}, at most {one.SizeMax}]");

    private static void Print(LabConsole console, string title, IEnumerable<(string Name, string Text)> rows)
    {
        console.Text.Write(new Document("") { Parts = [new Section(title, [new Table(["name", "text"],
            [.. rows.Select(row => (IReadOnlyList<Cell>)[row.Name, row.Text])]) { IsFacts = true }])] });
    }

    private static void PrintRuns(LabConsole console, string folder)
    {
        IReadOnlyList<RunListing> runs = new RunStore(folder).List();
        if (runs.Count == 0) console.Out.WriteLine($"no runs in {folder}");
        foreach (RunListing run in runs)
        {
            string state = run.Problem is not null ? $"unreadable: {run.Problem}"
                : run.State == RunState.Partial ? $"partial ({run.PartialReason})"
                : run.State.ToString()!.ToLowerInvariant();
            string what = run.Manifest is null ? "" : string.Create(CultureInfo.InvariantCulture,
                $"{Plural.Of(run.Manifest.Measurements.Count, "measurement")}, "
                    + $"{run.Manifest.Settings.GetValueOrDefault("workload")}, "
                    + $"{run.Manifest.Settings.GetValueOrDefault("strategy")}");
            console.Out.WriteLine($"{run.Id}  {state}  {what}".TrimEnd());
        }
    }
}
