namespace Lab.Measure;

/// <summary>What came between a measurement and its subject.</summary>
public enum DisturbanceKind
{
    /// <summary>All managed threads stopped for the collector, from the order to stop to the last restart.</summary>
    GcPause,

    /// <summary>A method was compiled while the run was on.</summary>
    Jit,

    /// <summary>The runtime recompiled methods in the background.</summary>
    TierUp,

    /// <summary>A thread waited for a managed lock.</summary>
    LockContention,

    /// <summary>The thread pool changed its size.</summary>
    ThreadPool,

    /// <summary>The hypervisor ran somebody else on this system's cores.</summary>
    Steal,

    /// <summary>Threads of the process were runnable and had no core.</summary>
    RunQueueDelay,

    /// <summary>The kernel took the core away from a thread of the process.</summary>
    InvoluntarySwitch,

    /// <summary>A thread of the process went to another core.</summary>
    Migration,

    /// <summary>A page of the process came from a disk.</summary>
    MajorFault,

    /// <summary>A core's frequency changed by more than a twentieth.</summary>
    FrequencyChange,
}

/// <summary>One disturbance on the CLOCK_MONOTONIC line.</summary>
/// <param name="Kind">What.</param>
/// <param name="StartNanoseconds">When it began; for what is sampled, when it was last known not to have happened.</param>
/// <param name="LengthNanoseconds">Until it ended or was noticed; may be 0.</param>
/// <param name="Detail">Which method, how much, in a few words.</param>
public readonly record struct Disturbance(DisturbanceKind Kind, long StartNanoseconds, long LengthNanoseconds, string Detail)
{
    public long EndNanoseconds => StartNanoseconds + LengthNanoseconds;
}
