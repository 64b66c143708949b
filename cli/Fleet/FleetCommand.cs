using System.CommandLine;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary><c>lab fleet</c>: work for more machines than one. Plans it, does a unit of it, shows how far it is, puts together
/// what was found, hands it to a scheduler.</summary>
internal static class FleetCommand
{
    public static Command Build(string[] args, LabConsole console)
    {
        Command command = new("fleet", "the same on many machines: blocks, runs and shards as jobs");
        command.Subcommands.Add(FleetPlanning.Build(args, console));
        command.Subcommands.Add(FleetWork.Build(console));
        command.Subcommands.Add(FleetStatus.Build(console));
        command.Subcommands.Add(FleetGather.Build(console));
        command.Subcommands.Add(FleetSubmit.Build(console));
        string verbs = string.Join(", ", command.Subcommands.Select(verb => verb.Name));
        command.SetAction(
            _ => Verb.Guarded(console, () => throw new UsageException($"lab fleet needs to know what to do: {verbs}.")));
        return command;
    }

    public static Argument<string> Plan() => new("plan") { Description = "folder of the plan" };

    /// <summary>Says what is wrong with a unit, in a line.</summary>
    public static string Told(int unit, Exception damaged) =>
        $"unit {unit}: {damaged.Message.ReplaceLineEndings(" ").TrimEnd('.')}";

    /// <summary>What is wrong with the file of a unit that is done, in a line; null for nothing.</summary>
    public static string? Changed(PlanFolder plan, int unit)
    {
        try
        {
            plan.ReadUnit(unit);
            return null;
        }
        catch (RunDamagedException damaged)
        {
            return $"{Told(unit, damaged)}; its result answers the unit as it was planned, and counts";
        }
    }

    /// <summary>Numbers and ranges such as 3 and 5-9.</summary>
    /// <exception cref="UsageException">Something else, or a number that the plan does not have.</exception>
    public static IReadOnlyList<int> Units(IEnumerable<string> texts, PlanFolder plan)
    {
        List<int> units = [];
        foreach (string text in texts.SelectMany(one => one.Split(',')))
        {
            string[] ends = text.Split('-');
            if (ends.Length > 2 || string.IsNullOrWhiteSpace(text))
            {
                throw Quantities.Bad("unit", text, "a number, or a range such as 5-9");
            }
            int from = Quantities.Whole("unit", ends[0], 1, plan.Count);
            int to = Quantities.Whole("unit", ends[^1], 1, plan.Count);
            if (to < from) throw new UsageException($"unit '{text}' ends before it begins; write {to}-{from}.");
            units.AddRange(Enumerable.Range(from, to - from + 1));
        }
        return units;
    }
}
