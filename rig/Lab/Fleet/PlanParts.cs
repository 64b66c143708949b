using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Application.Fleet;

/// <summary>The parts of searches that a plan's units have explored.</summary>
public static class PlanParts
{
    /// <summary>Looks whether parts have taught, alone or together, what all of them have to know, and writes it down: those that
    /// were explored without are void, and are to be done again. Numbers of the explorations that it is so of.</summary>
    /// <param name="plan">Its folder.</param>
    /// <param name="results">Whole ones; void ones among them are left out.</param>
    /// <exception cref="ResultsUnwritableException">It cannot be written down.</exception>
    public static IReadOnlyList<int> Settle(PlanFolder plan, IEnumerable<UnitResult> results)
    {
        List<int> settled = [];
        foreach (IGrouping<int, (UnitResult Unit, ShardResult Shard)> exploration in results
            .Where(unit => !plan.IsVoid(unit)).SelectMany(unit => (unit.Explored ?? []).Select(shard => (unit, shard)))
            .Where(one => one.shard.Part is not null).GroupBy(one => one.shard.Exploration).OrderBy(group => group.Key))
        {
            (UnitResult Unit, ShardResult Shard)[] parts = [.. exploration.OrderBy(one => one.Shard.Part!.Number)];
            // A part that has no answer yet may have a finding, behind which nothing counts.
            ExploreResult[] first = [.. parts.TakeWhile((one, index) => one.Shard.Part!.Number == index + 1)
                .Select(one => PartText.Read(one.Shard, plan.ResultFolder(one.Unit.Unit)))];
            if (SearchParts.News(first) is not { } news) continue;
            plan.WriteLearnt(exploration.Key, PartText.Of(news));
            settled.Add(exploration.Key);
        }
        return settled;
    }

    /// <summary>What a unit that explores a part has to know.</summary>
    /// <exception cref="UsageException">It was not written by this program.</exception>
    public static Learnt? Known(PlanFolder plan, int exploration)
    {
        try
        {
            return plan.ReadLearnt(exploration) is { } learnt ? PartText.Read(learnt) : null;
        }
        catch (FormatException error)
        {
            throw new UsageException($"Plan '{plan.Path}' has learnt something that is none ({error.Message}); "
                + "remove its folder 'learnt'.");
        }
    }
}
