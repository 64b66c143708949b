using System.Diagnostics;
using Lab.Explorer.Agents;
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
}

/// <summary>Explores the schedules of a strategy on a scenario.</summary>
public static class StrategyExplorer
{
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
        Deadline deadline = new(settings.Budget, cancellation);
        bool sampling = settings.Search is not (StrategySearch.Exhaustive or StrategySearch.Bounded);
        int workers = sampling ? Math.Max(1, settings.Workers) : 1;
        ExploreResult[] results = new ExploreResult[workers];
        Thread[] threads = new Thread[workers];
        Exception? failure = null;
        for (int index = 0; index < workers; index++)
        {
            int number = index;
            threads[index] = new Thread(() =>
            {
                int cpu = workers == 1 ? AgentThread.CurrentCpu() : number % Environment.ProcessorCount;
                AgentThread.Pin(cpu);
                try
                {
                    results[number] = Run(new StrategyProgram(design, scenario, settings, cpu),
                        program => new StrategyRun(program, subject, scenario, settings, deadline, number == 0 ? observer : null,
                            number), run => run.Explore());
                }
                catch (Exception error)
                {
                    failure = error;
                }
            }) { IsBackground = true, Name = $"explorer {number}" };
            threads[index].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return workers == 1 ? results[0] : StrategyRun.Merge(results);
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
        ExploreResult? result = null;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            int cpu = AgentThread.CurrentCpu();
            AgentThread.Pin(cpu);
            try
            {
                result = Run(new StrategyProgram(design, scenario, settings, cpu),
                    program => new StrategyRun(program, subject, scenario, settings,
                        new Deadline(Timeout.InfiniteTimeSpan, cancellation), null, 0), run => run.Replay(picks!));
            }
            catch (Exception error)
            {
                failure = error;
            }
        }) { IsBackground = true, Name = "explorer" };
        thread.Start();
        thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return result!;
    }

    /// <summary>A thread that never ends cannot be stopped: its program is left to it, memory and all.</summary>
    private static ExploreResult Run(
        StrategyProgram program, Func<StrategyProgram, StrategyRun> make, Func<StrategyRun, ExploreResult> explore)
    {
        StrategyRun run = make(program);
        bool isLeft = false;
        try
        {
            return explore(run);
        }
        catch (CodeNeverEndsException error)
        {
            isLeft = true;
            return run.NeverEnds(error);
        }
        finally
        {
            if (!isLeft) program.Dispose();
            Actor.Leave();
        }
    }
}

/// <summary>When an exploration has to stop.</summary>
internal sealed class Deadline(TimeSpan budget, CancellationToken cancellation)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public double Seconds => _clock.Elapsed.TotalSeconds;

    public bool IsCancelled => cancellation.IsCancellationRequested;

    public bool HasPassed => IsCancelled || (budget != Timeout.InfiniteTimeSpan && _clock.Elapsed >= budget);

    /// <summary>Why it stopped, in words.</summary>
    public string Reason => IsCancelled ? "it was interrupted" : $"the budget of {budget.TotalSeconds:0.##} s ended";
}
