using System.CommandLine;
using Lab.Application;
using Lab.Application.Fleet;
using Lab.Cli.Options;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary>What a plan's folder holds when it is gathered.</summary>
/// <param name="Plan">The folder.</param>
/// <param name="Results">Those that are whole, in the order of the units.</param>
/// <param name="Missing">Units without one.</param>
/// <param name="Problems">What is damaged, a sentence each.</param>
internal sealed record Gathered(
    PlanFolder Plan, IReadOnlyList<UnitResult> Results, IReadOnlyList<int> Missing, IReadOnlyList<string> Problems)
{
    /// <summary>Verifies all that is there.</summary>
    public static Gathered Read(PlanFolder plan)
    {
        List<UnitResult> results = [];
        List<int> missing = [];
        List<string> problems = [];
        foreach (UnitListing unit in plan.List())
        {
            try
            {
                if (unit.State != UnitState.Done)
                {
                    missing.Add(unit.Number);
                    // Nobody can do a unit whose file is damaged.
                    if (unit.State != UnitState.Running) plan.ReadUnit(unit.Number);
                    continue;
                }
                results.Add(plan.ReadWhole(unit.Number));
                // The result names the unit that was planned, so that it counts whatever has become of the unit's file.
                if (FleetCommand.Changed(plan, unit.Number) is { } changed) problems.Add(changed);
            }
            catch (RunDamagedException damaged)
            {
                problems.Add(FleetCommand.Told(unit.Number, damaged));
                if (unit.State == UnitState.Done) missing.Add(unit.Number);
            }
        }
        return new Gathered(plan, results, missing, problems);
    }

    /// <summary>As <see cref="Read"/>, after what parts of searches have taught has been written down: some may be void
    /// now.</summary>
    public static Gathered Settled(PlanFolder plan, Action<string> say)
    {
        Gathered gathered = Read(plan);
        if (plan.Plan.Kind != UnitKind.Shard || PlanParts.Settle(plan, gathered.Results) is not { Count: > 0 } settled)
        {
            return gathered;
        }
        Gathered again = Read(plan);
        int[] open = [.. gathered.Results.Select(unit => unit.Unit).Intersect(again.Missing)];
        say($"note: {Plural.Of(open.Length, "unit")} of {Plural.Of(settled.Count, "exploration")} must be done again: together "
            + $"they show that threads share more than each of them knew ({SlurmScript.Ranges(open)}).");
        return again;
    }
}

/// <summary><c>lab fleet gather</c>: verifies what the units left and puts it together as one machine would have left
/// it.</summary>
internal static class FleetGather
{
    public static Command Build(LabConsole console)
    {
        Argument<string> plan = FleetCommand.Plan();
        Option<string> format = SettingOptions.Text("--format", "standard output, as of the verb that was planned", "");
        Option<string> folder = SettingOptions.Text("--out",
            "folder for what is gathered; by default that of the verb that was planned", "");
        Command command = new("gather", "verify and put together what the units found");
        command.Arguments.Add(plan);
        command.Options.Add(format);
        command.Options.Add(folder);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            Gathered gathered = Gathered.Settled(PlanFolder.Open(parsed.GetValue(plan)!), console.Error.WriteLine);
            foreach (string problem in gathered.Problems) console.Error.WriteLine($"note: {problem}.");
            string form = parsed.GetValue(format)!, to = parsed.GetValue(folder)!;
            int code = gathered.Plan.Plan.Kind switch
            {
                UnitKind.Block => new GatheredBlocks(gathered, console).Print(form, to),
                UnitKind.Run => new GatheredRuns(gathered, console).Print(form, to),
                _ => new GatheredShards(gathered, console).Print(form),
            };
            if (gathered.Missing.Count == 0) return code;
            console.Error.WriteLine($"lab: incomplete: {Plural.Of(gathered.Missing.Count, "unit")} of {gathered.Plan.Count} "
                + $"without an answer: {SlurmScript.Ranges(gathered.Missing)}; 'lab fleet status "
                + $"{ShellText.Of(gathered.Plan.Path)}' says more.");
            return ExitCode.Incomplete;
        }));
        return command;
    }

    /// <summary>One of some formats.</summary>
    /// <exception cref="UsageException">None of them.</exception>
    internal static T Format<T>(string text, T byDefault)
        where T : struct, Enum => text.Length == 0 ? byDefault
            : Names.Find("--format value", text, Enum.GetValues<T>(), value => value.ToString().ToLowerInvariant());
}
