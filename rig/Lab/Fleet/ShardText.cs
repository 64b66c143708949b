using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Results.Fleet;

namespace Lab.Application.Fleet;

/// <summary>What an exploration found, as a unit's file keeps it, and back.</summary>
public static class ShardText
{
    private static readonly (Verdict Verdict, string Word)[] Verdicts =
        [(Verdict.NothingFound, "nothing_found"), (Verdict.Violated, "violated"), (Verdict.Uncontrollable, "uncontrollable")];

    public static string Word(Verdict verdict) => Verdicts.Single(one => one.Verdict == verdict).Word;

    /// <param name="result">What was found.</param>
    /// <param name="exploration">Number among those of the plan.</param>
    /// <param name="subject">What was explored.</param>
    /// <param name="model">Memory model.</param>
    public static ShardResult Of(ExploreResult result, int exploration, string subject, MemoryModel model) => new()
    {
        Exploration = exploration, Subject = subject, Model = model.ToString().ToLowerInvariant(), Verdict = Word(result.Verdict),
        Executions = result.Executions, Cut = result.Cut, States = result.States, Steps = result.Steps,
        Violations = result.Violations, Seconds = result.Seconds, Complete = result.IsComplete, EndedEarly = result.EndedEarly,
        LeftOutTurns = result.HasLeftOutTurns, Bound = result.Bound, Probability = result.FindsWithProbability,
        Outcomes = result.Outcomes, Claims = [.. result.Claims.Select(Of)],
        Failure = result.Failure is not { } failure ? null : new ShardFailure(Of(failure.Finding), failure.Agents,
            [.. failure.Steps.Select(step => new ShardStep(step.Agent, step.What, step.Location, step.IsNotable,
                [.. step.Roots.Select(root => new ShardRoot(root.Name, root.Count, root.IsInvalid, root.Holders))]))],
            failure.Preemptions, failure.Replay, failure.HasFewestPreemptions, failure.HasFewestSteps),
    };

    public static ExploreResult Read(ShardResult shard) => new()
    {
        Verdict = Verdicts.FirstOrDefault(one => one.Word == shard.Verdict, Verdicts[^1]).Verdict,
        Executions = shard.Executions, Cut = shard.Cut, States = shard.States, Steps = shard.Steps, Violations = shard.Violations,
        Seconds = shard.Seconds, IsComplete = shard.Complete, EndedEarly = shard.EndedEarly,
        HasLeftOutTurns = shard.LeftOutTurns, Bound = shard.Bound, FindsWithProbability = shard.Probability,
        Outcomes = shard.Outcomes, Claims = [.. shard.Claims.Select(Read)],
        Failure = shard.Failure is not { } failure ? null : new Failure(Read(failure.Finding), failure.Agents,
            [.. failure.Steps.Select(step => new Step(step.Agent, step.What, step.At,
                [.. step.Roots.Select(root => new RootView(root.Name, root.Count, root.Invalid, root.Holders))], step.Notable))],
            failure.Preemptions, failure.Replay, failure.FewestPreemptions, failure.FewestSteps),
    };

    public static MemoryModel ModelOf(ShardResult shard) => shard.Model == "tso" ? MemoryModel.Tso : MemoryModel.Sc;

    /// <summary>The whole of an exploration.</summary>
    /// <param name="parts">What its units found, in their order.</param>
    /// <param name="isSample">Schedules were drawn.</param>
    /// <param name="missing">How many of its units have not answered.</param>
    public static ExploreResult Merge(IReadOnlyList<ExploreResult> parts, bool isSample, int missing)
    {
        ExploreResult whole = SearchSlices.Merge(parts, isWhole: missing == 0);
        if (isSample && parts.Count > 1) whole = whole with
        {
            Bound = string.Create(CultureInfo.InvariantCulture,
                $"{whole.Executions:N0} schedules in {parts.Count} shards, each with a seed of its own"),
            FindsWithProbability = parts.All(part => part.FindsWithProbability is null) ? null
                : 1 - parts.Aggregate(1.0, (misses, part) => misses * (1 - (part.FindsWithProbability ?? 0))),
        };
        return missing == 0 ? whole : whole with
        {
            IsComplete = false, EndedEarly = whole.Verdict == Verdict.NothingFound,
            Bound = string.Create(CultureInfo.InvariantCulture, $"{parts.Count} of {parts.Count + missing} units"
                + $"{StrategyExplorer.Because}{missing} have no answer yet"),
        };
    }

    private static ShardFinding Of(Finding finding) => new(finding.Invariant, finding.Claim, finding.What);

    private static Finding Read(ShardFinding finding) => new(finding.Invariant, finding.Claim, finding.What);
}
