using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Application.Fleet;
using Lab.Cli.Explore;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Report.Documents;
using Lab.Report.Explorations;
using Lab.Report.Fleet;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary>An exploration put together: what <c>lab explore</c> would have said.</summary>
internal sealed class GatheredShards(Gathered gathered, LabConsole console)
{
    public int Print(string format)
    {
        ExploreFormat form = FleetGather.Format(format, ExploreFormat.Text);
        ExploreRequest request = ExploreOptions.Read(
            SettingValues.Read(ExplorationSettings.Group.Settings, gathered.Plan.Plan.Arguments), new LabCatalogue());
        if (gathered.Results.Count == 0)
        {
            if (form == ExploreFormat.Json) console.Out.WriteLine(Records.Json(Json([], [], null)));
            return ExitCode.Fine;
        }
        return request.Program is { } program ? Program(request, program, form) : Strategies(request, form);
    }

    private int Program(ExploreRequest request, ProgramRequest program, ExploreFormat form)
    {
        ExploreResult[] parts = [.. gathered.Results.SelectMany(unit => unit.Explored!).Select(ShardText.Read)];
        ExploreResult whole = ShardText.Merge(parts, program.Settings.Search != Search.Optimal, gathered.Missing.Count);
        if (form == ExploreFormat.Json)
        {
            console.Out.WriteLine(Records.Json(Json([whole], [], ExploreJson.Of(program, whole))));
        }
        else Write(new ExploreReport(request).Program(program, whole), form);
        return ExploreCommand.Code([whole]);
    }

    private int Strategies(ExploreRequest request, ExploreFormat form)
    {
        StrategyPlan[] asked = [.. request.Plans.SelectMany(
            plan => plan.Scenarios.Select(scenario => plan with { Scenarios = [scenario] }))];
        ILookup<int, FleetUnit> planned = Enumerable.Range(1, gathered.Plan.Count).Where(gathered.Missing.Contains)
            .Select(Unit).OfType<FleetUnit>().ToLookup(ExplorationOf);
        Exploration[] done = [.. gathered.Results.SelectMany(unit => unit.Explored!.Select(
                shard => (shard.Exploration, Model: ShardText.ModelOf(shard), Result: PartText.Read(
                    shard, gathered.Plan.ResultFolder(unit.Unit)))))
            .Where(shard => shard.Exploration < asked.Length)
            .GroupBy(shard => (shard.Exploration, shard.Model)).OrderBy(group => group.Key)
            .Select(group =>
            {
                StrategyPlan plan = asked[group.Key.Exploration];
                StrategySettings settings =
                    request.Settings with { Search = plan.Search, Model = group.Key.Model };
                ExploreResult[] parts = [.. group.Select(one => one.Result)];
                int missing = planned[group.Key.Exploration].Count();
                return new Exploration(plan.Strategy, plan.Scenarios[0], settings, IsReplay: false,
                    parts.Any(part => part.Part is not null) ? SearchParts.Merge(parts, missing)
                        : ShardText.Merge(parts, settings.IsSample, missing));
            })];
        ExploreResult[] results = [.. done.Select(one => one.Result)];
        if (form == ExploreFormat.Json)
        {
            console.Out.WriteLine(Records.Json(Json(results, [.. done.Select(ExploreJson.Of)], null)));
            return ExploreCommand.Code(results);
        }
        ExploreReport report = new(request);
        foreach (IGrouping<string, Exploration> strategy in done.GroupBy(one => one.Strategy.Name))
        {
            Exploration[] own = [.. strategy];
            Exploration? violated = own.FirstOrDefault(one => one.Result.Verdict == Verdict.Violated);
            if ((violated ?? (own.Length == 1 ? own[0] : null)) is { } told) Write(report.Strategy(told), form);
            if (own.Length > 1) Write(report.Scenarios(own), form);
        }
        Write(ExploreReport.End(done), form);
        return ExploreCommand.Code(results);
    }

    private FleetExplorationJson Json(
        IReadOnlyList<ExploreResult> results, IReadOnlyList<ExplorationJson> explorations, ProgramJson? program)
    {
        ExploreResult? first = results.FirstOrDefault(one => one.Verdict == Verdict.Violated);
        return new FleetExplorationJson(gathered.Plan.Path, ShardText.Word(first?.Verdict ?? Verdict.NothingFound),
            first?.Failure?.Finding.Invariant, first?.Failure?.Replay, results.Sum(one => one.Executions),
            results.Sum(one => one.Cut), results.Sum(one => one.States), results.Sum(one => one.Steps),
            gathered.Missing.Count == 0 && results.All(one => one.IsComplete), gathered.Plan.Count, gathered.Results.Count,
            gathered.Missing, gathered.Problems, explorations, program);
    }

    private void Write(Document document, ExploreFormat form)
    {
        if (form == ExploreFormat.Markdown) new MarkdownWriter(console.Out).Write(document);
        else console.Text.Write(document);
    }

    /// <summary>Null where its file is damaged, which has been said.</summary>
    private FleetUnit? Unit(int number)
    {
        try
        {
            return gathered.Plan.ReadUnit(number);
        }
        catch (Lab.Results.RunDamagedException)
        {
            return null;
        }
    }

    private static int ExplorationOf(FleetUnit unit) => StrategyShard.Parse(
        SettingValues.Read(ExplorationSettings.Group.Settings, unit.Arguments).Of(ExplorationSettings.Shard)).Exploration;
}
