using Lab.Mmu;

namespace Lab.Explorer;

public enum StrategySearch
{
    Exhaustive,
    Bounded,
    Random,
    Pct,
    Pos,
    Urw,
}

public sealed record StrategySettings
{
    public StrategySearch Search { get; init; } = StrategySearch.Exhaustive;

    public MemoryModel Model { get; init; }

    public int PreemptionsMax { get; init; } = int.MaxValue;

    public TimeSpan Budget { get; init; } = Timeout.InfiniteTimeSpan;

    public int PctDepth { get; init; } = 3;

    public ulong Seed { get; init; } = 1;

    public long ExecutionsMax { get; init; } = long.MaxValue;

    public bool GlueFastZap { get; init; }

    public bool InsertAtTail { get; init; }

    public int Workers { get; init; } = 1;
}

/// <summary>Placeholder: the search over strategies is written elsewhere.</summary>
public static class StrategyExplorer
{
    public static ExploreResult Explore(
        string strategyName, Func<Vm<Explored>, RootStrategy<Explored>> strategy, Func<Vm<Explored>, MmuNotifier<Explored>> notifier, Scenario scenario,
        StrategySettings settings, Action<ExploreProgress>? observer = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    public static ExploreResult Replay(
        string strategyName, Func<Vm<Explored>, RootStrategy<Explored>> strategy, Func<Vm<Explored>, MmuNotifier<Explored>> notifier, Scenario scenario,
        string schedule, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
