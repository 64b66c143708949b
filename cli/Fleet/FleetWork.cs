using System.CommandLine;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Application.Fleet;
using Lab.Cli.Explore;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary><c>lab fleet work</c>: does units of a plan here.</summary>
internal static class FleetWork
{
    public static Command Build(LabConsole console)
    {
        Argument<string> plan = FleetCommand.Plan();
        Argument<string[]> units = new("unit")
            { Description = "number of a unit, or a range such as 5-9", Arity = ArgumentArity.OneOrMore };
        Option<bool> anyway = new("--anyway") { Description = "also with another build than planned it" };
        Command command = new("work", "do a unit here; one that is done is left");
        command.Arguments.Add(plan);
        command.Arguments.Add(units);
        command.Options.Add(anyway);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            PlanFolder folder = PlanFolder.Open(parsed.GetValue(plan)!);
            IReadOnlyList<int> asked = FleetCommand.Units(parsed.GetValue(units)!, folder);
            console.Signals.Saves("the unit is being given up");
            UnitWorker worker = new(folder, (unit, path, log, cancellation) => unit.Kind switch
            {
                UnitKind.Block => MeasuredUnits.Block(folder.Plan.Comparison!, unit, path, log, cancellation),
                UnitKind.Run => MeasuredUnits.Run(unit, path, log, cancellation),
                _ => Explore(folder, unit, path, log, cancellation),
            }, console.Error.WriteLine);
            int code = ExitCode.Fine;
            foreach (int unit in asked)
            {
                int own = Verb.Guarded(console, () => worker.Do(unit, parsed.GetValue(anyway), console.Signals.Token));
                if (own != ExitCode.Fine) code = own;
                if (own == ExitCode.Interrupted) break;
            }
            return code;
        }));
        return command;
    }

    private static UnitAnswer Explore(
        PlanFolder folder, FleetUnit unit, string path, TextWriter log, CancellationToken cancellation)
    {
        SettingValues values = SettingValues.Read(ExplorationSettings.Group.Settings, unit.Arguments);
        ExploreRequest request = ExploreOptions.Read(values, new LabCatalogue());
        List<ShardResult> found = [];
        if (request.Program is { } program)
        {
            ExploreResult result = ExploreCommand.Refused(
                () => Lab.Explorer.Explore.Check(program.Program.Make(program.Size), program.Settings, null, cancellation));
            found.Add(ShardText.Of(result, 0, $"{program.Program.Name} {program.Size}", program.Settings.Model));
        }
        else
        {
            (int number, SearchPart? part) = StrategyShard.Parse(values.Of(ExplorationSettings.Shard));
            part = part is null ? null : part with { Known = PlanParts.Known(folder, number) };
            ExploreRequest own = request with { Settings = request.Settings with { Part = part } };
            ExploreCommand explore = new(own, new LabConsole(log, log, isOutTerminal: false, isErrorTerminal: false));
            foreach (StrategyPlan plan in request.Plans)
            {
                explore.Explore(plan, one => found.Add(ShardText.Of(one.Result, number,
                    $"{one.Strategy.Name} on {one.Scenario.Name}", one.Settings.Model) with
                {
                    Part = one.Result.Part is { } met ? PartText.Write(part!, met, path) : null,
                }), cancellation);
            }
        }
        foreach (ShardResult one in found) log.WriteLine($"{one.Subject}: {one.Verdict}, {one.Bound}");
        if (found.Any(one => one.Verdict == ShardText.Word(Verdict.Violated)))
        {
            return new UnitAnswer(ExitCode.InvariantViolated) { Explored = found };
        }
        if (found.FirstOrDefault(one => one.Verdict == ShardText.Word(Verdict.Uncontrollable)) is { } refused)
        {
            string why = (refused.Failure?.Finding.What ?? refused.Bound).ReplaceLineEndings(" ").TrimEnd('.');
            return new UnitAnswer(ExitCode.Usage, $"{refused.Subject} cannot be explored: {why}") { Explored = found };
        }
        bool isOpen = found.Any(one => one.EndedEarly && one.Part is not { Void: true });
        return new UnitAnswer(isOpen ? ExitCode.Inconclusive : ExitCode.Fine) { Explored = found };
    }
}
