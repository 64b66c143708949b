using Lab.Explorer.Model;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Strategies;

/// <summary>How schedules of a strategy are chosen.</summary>
public enum StrategySearch
{
    /// <summary>All of them, each state once.</summary>
    Exhaustive,

    /// <summary>Those with no preemption, then those with at most one, and so on: the first failure has the fewest.</summary>
    Bounded,
    Random,
    Pct,
    Pos,
    Urw,
}

/// <summary>What bounds the exploration of a strategy.</summary>
public sealed record StrategySettings
{
    public StrategySearch Search { get; init; } = StrategySearch.Exhaustive;

    public MemoryModel Model { get; init; }

    /// <summary>Largest bound of <see cref="StrategySearch.Bounded"/>.</summary>
    public int PreemptionsMax { get; init; } = int.MaxValue;

    public TimeSpan Budget { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Bug depth d of PCT.</summary>
    public int PctDepth { get; init; } = 3;

    public ulong Seed { get; init; } = 1;

    public long ExecutionsMax { get; init; } = long.MaxValue;

    /// <summary>A fast zap's two sections are one: it downgrades mmu_lock instead of dropping it (reference 3.4).</summary>
    public bool GlueFastZap { get; init; }

    /// <summary>New roots go to the tail of the list.</summary>
    public bool InsertAtTail { get; init; }

    /// <summary>Reports a failing schedule as it was found instead of looking for the smallest.</summary>
    public bool AsFound { get; init; }

    /// <summary>A thread that makes no event for so long is taken never to end; only a lower limit.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Threads that explore beside each other under the random searches.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Steps that agents were seen to make in other executions are recalled, where they follow from what the agents have
    /// heard. False: each execution is run, and comes to the same.</summary>
    public bool Recalls { get; init; } = true;

    /// <summary>Of the search of all schedules, only this; null for the whole.</summary>
    public SearchPart? Part { get; init; }

    /// <summary>Page tables of the caller's; null for the smallest that have the scenario's frames.</summary>
    internal ModelShape? Shape { get; init; }

    /// <summary>Schedules are drawn, not searched.</summary>
    public bool IsSample => Search is not (StrategySearch.Exhaustive or StrategySearch.Bounded);
}

/// <summary>One of the explorations that share a budget.</summary>
/// <param name="Scenario">What the actors do.</param>
/// <param name="Settings">How; of the budgets the first exploration's counts for all.</param>
public sealed record StrategyTask(Scenario Scenario, StrategySettings Settings)
{
    /// <summary>It was written to reject the strategy: its first turn is longer.</summary>
    public bool IsLikely { get; init; }

    /// <summary>If the execution has loads that a store buffer would let overtake stores, it is explored with store buffers as
    /// well.</summary>
    public bool AddsTso { get; init; }
}

/// <summary>Explores the schedules of a strategy on scenarios.</summary>
public static class StrategyExplorer
{
    /// <summary>Stands in a bound before the reason why it was not reached.</summary>
    public const string Because = ", because ";

    private const int LikelyFactor = 16;

    /// <summary>Of the first round; each further one is twice as long. Long enough for what is small to be finished in
    /// it.</summary>
    private static readonly TimeSpan FirstSlice = TimeSpan.FromMilliseconds(250);

    /// <summary>Explores, and if something is wrong finds the schedule with the fewest preemptions and then the fewest choices.
    /// Never throws for what the strategy does.</summary>
    /// <param name="subject">Name of what is explored, for the schedule's string.</param>
    /// <param name="design">What it is built from, but for the page tables: those are the explorer's small ones.</param>
    /// <param name="scenario">What its actors do.</param>
    /// <param name="settings">What bounds the exploration.</param>
    /// <param name="observer">Told how far it is; null for nobody.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static ExploreResult Explore(
        string subject, VmDesign<Explored> design, Scenario scenario, StrategySettings settings,
        Action<ExploreProgress>? observer = null,
        CancellationToken cancellation = default)
    {
        ExploreResult? result = null;
        ExploreInTurns(subject, design, [new StrategyTask(scenario, settings)], stopsAtViolation: false, (_, one) => result = one,
            (_, progress) => observer?.Invoke(progress), cancellation);
        return result!;
    }

    /// <summary>Explores one scenario after the other in rounds of growing length, so that none keeps those behind it waiting:
    /// whoever finds something quickly speaks first.</summary>
    /// <param name="subject">As above.</param>
    /// <param name="design">As above.</param>
    /// <param name="tasks">The scenarios, the quickest first.</param>
    /// <param name="stopsAtViolation">When one fails, the others are left where they are.</param>
    /// <param name="done">Told each result, on the calling thread: those that are through when they are, then what is unfinished,
    /// and last, if it ended the search, the violation. A task that was added comes with its settings.</param>
    /// <param name="observer">Told how far the present one is; null for nobody.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static void ExploreInTurns(
        string subject, VmDesign<Explored> design, IReadOnlyList<StrategyTask> tasks, bool stopsAtViolation,
        Action<StrategyTask, ExploreResult> done, Action<StrategyTask, ExploreProgress>? observer = null,
        CancellationToken cancellation = default)
    {
        foreach (StrategyTask task in tasks) ScheduledModels.Require(task.Settings.Model);
        Budget budget = new(tasks[0].Settings.Budget, cancellation);
        StrategyWork Begin(StrategyTask task) => new(subject, design, task, budget,
            observer is null ? null : progress => observer(task, progress), run => run.Explore());
        List<StrategyWork> left = [.. tasks.Select(Begin)];
        StrategyWork? violated = null;
        for (TimeSpan slice = FirstSlice; left.Count > 0 && violated is null && !budget.IsSpent; slice *= 2)
        {
            foreach (StrategyWork work in left.ToArray())
            {
                if (budget.IsSpent) break;
                bool isThrough = work.Go(left.Count == 1 && !work.AddsTso ? Timeout.InfiniteTimeSpan
                    : work.Task.IsLikely && slice == FirstSlice ? LikelyFactor * slice : slice);
                if (work.AddsTso && work.MayOvertake)
                {
                    StrategyTask withBuffers = work.Task with
                        { Settings = work.Task.Settings with { Model = MemoryModel.Tso }, AddsTso = false };
                    work.AddsTso = false;
                    left.Add(Begin(withBuffers));
                }
                if (!isThrough) continue;
                if (stopsAtViolation && work.Result!.Verdict == Verdict.Violated)
                {
                    violated = work;
                    break;
                }
                left.Remove(work);
                done(work.Task, work.Result!);
            }
        }
        foreach (StrategyWork work in left) if (work != violated) done(work.Task, work.Abandon());
        if (violated is not null) done(violated.Task, violated.Result!);
    }

    /// <summary>Runs one recorded schedule.</summary>
    /// <exception cref="ArgumentException">The string belongs to something else, or is damaged; the message is one
    /// sentence.</exception>
    public static ExploreResult Replay(
        string subject, VmDesign<Explored> design, Scenario scenario, string schedule, CancellationToken cancellation = default)
    {
        if (!ScheduleText.TryDecode(schedule, out ScheduleKey? found, out byte[]? picks, out string? complaint))
        {
            throw new ArgumentException(complaint, nameof(schedule));
        }
        StrategySettings settings = StrategyRun.SettingsOf(found!);
        if (ScheduleText.Mismatch(StrategyRun.KeyOf(subject, scenario, settings), found!) is { } mismatch)
        {
            throw new ArgumentException(mismatch, nameof(schedule));
        }
        StrategyWork work = new(subject, design, new StrategyTask(scenario, settings),
            new Budget(Timeout.InfiniteTimeSpan, cancellation), null, run => run.Replay(picks!));
        work.Go(Timeout.InfiniteTimeSpan);
        return work.Result!;
    }
}
