using System.Runtime;
using Lab.Time;

namespace Lab.Measure;

/// <summary>What one actor did in the window.</summary>
public sealed record ActorResult
{
    public required string Name { get; init; }

    public required ActorRole Role { get; init; }

    /// <summary>0 is a closed loop.</summary>
    public required double RatePerSecond { get; init; }

    /// <summary>Steps that started in the window, recorded or not.</summary>
    public required long StepCount { get; init; }

    /// <summary>Steps that a turn's end cut off, which are neither counted nor recorded; 0 in a window of one piece.</summary>
    public long CutOffCount { get; init; }

    /// <summary>Length of the window; for an actor that hung or failed, up to the end of its last step in it.</summary>
    public required double MeasuredSeconds { get; init; }

    /// <summary>Scheduled starts in the window that never came to be, although the actor was given time to catch up.</summary>
    public required long OwedStepCount { get; init; }

    /// <summary>Allocated by the actor's thread over its steps in the window, to within one step.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>The core the thread was bound to, or null.</summary>
    public required int? PinnedCpu { get; init; }

    /// <summary>The priority under SCHED_FIFO of the thread's steps, or null.</summary>
    public int? FifoPriority { get; init; }

    /// <summary>How often the kernel took the core away in the window; null where it does not say.</summary>
    public required long? InvoluntarySwitches { get; init; }

    /// <summary>What the kernel did to the thread, dated to about a millisecond; empty unless the settings ask for it. Touches
    /// this actor's samples only.</summary>
    public IReadOnlyList<Disturbance> Disturbances { get; init; } = [];

    /// <summary>In the order: metrics, <c>metric.intended</c> of a fixed-rate actor, phases. Owned by the run.</summary>
    public required IReadOnlyList<LatencyRecorder> Recorders { get; init; }
}

/// <summary>An actor's exception, which ended the run.</summary>
public sealed record ActorFailure(string Actor, Exception Exception);

/// <summary>All that one timing window gave. Owns the recorders; whoever received it disposes of it once the numbers are
/// copied.</summary>
public sealed record MeasuredRun : IDisposable
{
    public required IReadOnlyList<ActorResult> Actors { get; init; }

    public required ClockInfo Clock { get; init; }

    /// <summary>From the opening to the closing of the window, or all its turns together, shorter than asked for when the run was
    /// cut; 0 when it never opened.</summary>
    public required double WindowSeconds { get; init; }

    /// <summary>The opening on the CLOCK_MONOTONIC line, in nanoseconds; 0 when the window never opened.</summary>
    public required long WindowStartMonotonicNanoseconds { get; init; }

    /// <summary>The stretches that were measured, ascending, of CLOCK_MONOTONIC: the whole window, or its turns. None when it
    /// never opened.</summary>
    public required IReadOnlyList<Stretch> Turns { get; init; }

    /// <summary>From the opening to the closing on the wall's clock: longer than <see cref="WindowSeconds"/> where others had
    /// turns between.</summary>
    public double ElapsedSeconds => Turns.Count == 0 ? 0 : (Turns[^1].EndNanoseconds - Turns[0].StartNanoseconds) / 1e9;

    /// <summary>How long the actors stood still for others' turns, between their first step and their last; 0 in one
    /// piece.</summary>
    public double StoppedSeconds { get; init; }

    /// <summary>How much of the window had passed at a moment of CLOCK_MONOTONIC, in nanoseconds. What lies between two turns is
    /// as late as the end of the first; before the opening it is negative, and after the closing more than the window is
    /// long.</summary>
    public long MeasuredAt(long monotonicNanoseconds)
    {
        long measured = 0;
        for (int i = 0; i < Turns.Count; i++)
        {
            bool isLast = i == Turns.Count - 1;
            if (monotonicNanoseconds <= Turns[i].EndNanoseconds || isLast)
            {
                return measured + (i == 0 ? monotonicNanoseconds - Turns[i].StartNanoseconds
                    : Math.Max(0, monotonicNanoseconds - Turns[i].StartNanoseconds));
            }
            measured += Turns[i].EndNanoseconds - Turns[i].StartNanoseconds;
        }

        return 0;
    }

    /// <summary>Where a stamp of the run's clock lies on the CLOCK_MONOTONIC line, in nanoseconds.</summary>
    public Func<long, long> ToMonotonicNanoseconds { get; init; } = static ticks => ticks;

    public required double WarmupSeconds { get; init; }

    /// <summary>Whether the load was warm and steady when the window opened; null where the settings do not ask.</summary>
    public bool? Steady { get; init; }

    /// <summary>Share of the processors' time that other processes took while this one measured; null where the system does not
    /// say.</summary>
    public double? OthersShare { get; init; }

    /// <summary>What runtime and hypervisor did, from just before the opening to just after the closing.</summary>
    public required RuntimeCounters Disturbance { get; init; }

    /// <summary>The collector's mode when the window opened: NoGCRegion where collections are held off; otherwise
    /// SustainedLowLatency, which has no effect without concurrent collection.</summary>
    public required GCLatencyMode GcLatencyMode { get; init; }

    /// <summary>A run whose actors never began.</summary>
    public static MeasuredRun NeverBegun(bool interrupted) => new()
    {
        Actors = [],
        Clock = Time.Clock.Default.Info,
        WindowSeconds = 0,
        WindowStartMonotonicNanoseconds = 0,
        Turns = [],
        WarmupSeconds = 0,
        Disturbance = new RuntimeCounters(0, 0, 0, 0, 0, null),
        GcLatencyMode = GCSettings.LatencyMode,
        Interrupted = interrupted,
        HungActors = [],
        Failures = [],
        Notes = [],
    };

    /// <summary>The token was cancelled before all had measured; what was measured until then is here.</summary>
    public required bool Interrupted { get; init; }

    /// <summary>Actors that stood still although they could have got on (<see cref="Watchdog"/>).</summary>
    public required IReadOnlyList<string> HungActors { get; init; }

    /// <summary>What ended the run early where somebody hung or was starved; null otherwise.</summary>
    public Standstill? Standstill { get; init; }

    /// <summary>Actors that were still in the load when the run had to end. Their threads go on, and their recorders are copies
    /// as of then.</summary>
    public IReadOnlyList<string> AbandonedActors { get; init; } = [];

    public required IReadOnlyList<ActorFailure> Failures { get; init; }

    /// <summary>What a reader must know about these numbers, one sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    public bool Hung => HungActors.Count > 0;

    /// <summary>The window ran its full length and every actor ended in order.</summary>
    public bool IsComplete => !Interrupted && Standstill is null && Failures.Count == 0;

    /// <summary>All actors' latencies by metric, in order of first appearance. The caller owns the recorders.</summary>
    public IReadOnlyList<LatencyRecorder> MergeByMetric() =>
    [
        .. Actors.SelectMany(actor => actor.Recorders)
            .GroupBy(recorder => recorder.Metric)
            .Select(group => LatencyRecorder.Merge([.. group])),
    ];

    public void Dispose()
    {
        foreach (LatencyRecorder recorder in Actors.SelectMany(actor => actor.Recorders)) recorder.Dispose();
    }
}
