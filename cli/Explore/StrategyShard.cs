using System.Globalization;
using Lab.Application.Exploring;
using Lab.Explorer.Strategies;
using Lab.Settings;

namespace Lab.Cli.Explore;

/// <summary>What <c>--shard</c> says of strategies: <c>0:3/64</c> is part 3 of 64 of the first exploration, <c>0</c> the whole of
/// it.</summary>
internal static class StrategyShard
{
    private const int PartsMax = 100_000;

    /// <summary>Its search has parts: one that goes through all schedules, and of which it is known under which model.</summary>
    public static bool CanBeCut(StrategyPlan plan) => plan is { Search: StrategySearch.Exhaustive, AddsTso: false };

    public static string Of(int exploration, int part, int parts) => string.Create(CultureInfo.InvariantCulture,
        $"{exploration}:{part}/{parts}");

    /// <exception cref="UsageException">It says nothing of the kind.</exception>
    public static (int Exploration, SearchPart? Part) Parse(string text)
    {
        string option = ExplorationSettings.Shard.Option;
        string[] halves = text.Split(':', 2);
        int exploration = Quantities.Whole(option, halves[0], 0, int.MaxValue);
        if (halves.Length == 1) return (exploration, null);
        string[] fraction = halves[1].Split('/', 2);
        if (fraction.Length != 2) throw Quantities.Bad(option, text, "an exploration and a part of it such as 0:3/64");
        int count = Quantities.Whole(option, fraction[1], 1, PartsMax);
        return (exploration, new SearchPart(Quantities.Whole(option, fraction[0], 1, count), count));
    }
}
