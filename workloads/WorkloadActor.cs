using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>The part an actor plays.</summary>
public enum ActorPart
{
    /// <summary>A vCPU thread: runs the guest and serves its exits.</summary>
    Vcpu,

    /// <summary>Whoever makes mappings go away: the VMM's memslot updates, the host's reclaim, the destroyer.</summary>
    Updater,
}

/// <summary>
/// One actor of a workload, driven by one thread: again and again <see cref="Prepare"/>, which is not timed, and <see cref="Step"/>, which is.
/// </summary>
/// <remarks>A step that has nothing to show returns a negative number. All members but the descriptive ones run on the actor's thread.</remarks>
public abstract class WorkloadActor(string name, ActorPart part)
{
    public string Name { get; } = name;

    public ActorPart Part { get; } = part;

    /// <summary>What a step can be recorded under.</summary>
    public abstract IReadOnlyList<string> Metrics { get; }

    /// <summary>What the phases of a step are recorded under.</summary>
    public virtual IReadOnlyList<string> PhaseNames => [];

    /// <summary>Nanoseconds by phase of the last step; empty if it had none.</summary>
    public virtual ReadOnlySpan<long> Phases => default;

    /// <summary>What guest accesses are recorded under that the processor made and timed; null if there are none.</summary>
    public virtual string? TouchMetric => null;

    /// <summary>All that guest accesses can be recorded under, for an actor whose accesses are of several kinds.</summary>
    public virtual IReadOnlyList<string> TouchMetrics => TouchMetric is { } metric ? [metric] : [];

    /// <summary>Index in <see cref="TouchMetrics"/> of the accesses made since the last step; negative if they are not recorded.</summary>
    public virtual int TouchIndex => 0;

    /// <summary>Guest accesses since the last call, made and timed by the processor; zero ticks is one that was skipped.</summary>
    public virtual ReadOnlySpan<GuestTouch> ClaimTouches() => default;

    /// <summary>Steps per second on a fixed schedule; zero is a closed loop.</summary>
    public virtual double RatePerSecond => 0;

    /// <summary>Whether steps have times of their own, which go on while the actor is stopped.</summary>
    public virtual bool KeepsTime => RatePerSecond > 0;

    /// <summary>True once the actor's part of the load is up.</summary>
    public virtual bool IsWarm => true;

    public virtual void Prepare() { }

    /// <summary>The timed operation; the index of its metric, or negative.</summary>
    public abstract int Step();

    /// <summary>Once, on the actor's thread, after the load stopped.</summary>
    public virtual void Quiesce() { }
}
