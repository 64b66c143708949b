using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>An actor of a workload: whoever drives it takes part in the machine under the actor's name, and what it counts there
/// is kept.</summary>
/// <param name="machine">That the actor's code runs on.</param>
/// <param name="name">Unique within the workload.</param>
/// <param name="role">For the results.</param>
/// <remarks>A step that has nothing to show returns a negative number.</remarks>
public abstract class WorkloadActor(IMachine machine, string name, ActorRole role) : IMeasuredActor
{
    private Actor? _actor;
    private long _begin;
    private long _end;

    public string Name { get; } = name;

    public ActorRole Role { get; } = role;

    public abstract IReadOnlyList<string> Metrics { get; }

    public virtual IReadOnlyList<string> PhaseNames => [];

    public virtual ReadOnlySpan<long> Phases => default;

    /// <summary>All that guest accesses can be recorded under that the processor made and timed.</summary>
    public virtual IReadOnlyList<string> SampleMetrics => [];

    public virtual int SampleIndex => 0;

    public virtual double RatePerSecond => 0;

    public virtual bool KeepsTime => RatePerSecond > 0;

    public virtual bool IsWarm => true;

    /// <summary>What the actor counted; null before it began.</summary>
    public ActorCounters? Counters { get; private set; }

    /// <summary>What it counted beside that, by name, unit and value; read after it ended.</summary>
    public virtual IEnumerable<(string Name, string Unit, double Value)> OwnCounters => [];

    /// <summary>Seconds from the actor's begin to its end, warm-up included: what the counters cover. Others' turns are in
    /// it.</summary>
    public double LoadSeconds => Math.Max(1e-9, (Volatile.Read(ref _end) - _begin) / 1e9);

    /// <summary>Guest accesses since the last call, made and timed by the processor; zero ticks is one that was
    /// skipped.</summary>
    public virtual ReadOnlySpan<GuestTouch> ClaimTouches() => default;

    public void RecordSamples(LatencyRecorder into, long startTicks)
    {
        foreach (ref readonly GuestTouch touch in ClaimTouches())
        {
            if (touch.Ticks != 0) into.Record(startTicks, startTicks + (long)touch.Ticks);
        }
    }

    public void DiscardSamples() => ClaimTouches();

    /// <summary>Memory for a slot is written to page by page, by whoever makes it.</summary>
    public long WorkAmidStep => Volatile.Read(ref _actor)?.Moves ?? 0;

    public virtual void Begin()
    {
        Actor actor = machine.Enter(Name);
        Volatile.Write(ref _actor, actor);
        Counters = actor.Counters;
        _begin = machine.Timestamp();
    }

    public virtual void Prepare() { }

    public abstract int Step();

    public virtual void Quiesce() { }

    public virtual void End()
    {
        Volatile.Write(ref _end, machine.Timestamp());
        machine.Leave();
    }
}
