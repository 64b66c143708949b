using Lab.Measure;
using Lab.Mmu;
using Lab.Workloads;

namespace Lab.Application.Measuring;

/// <summary>
/// A workload's actor as the timing window drives it. Keeps the counters of the actor's thread for the results. As a self-test, a step recorded as
/// <c>update</c> can be made longer by a share of its own time.
/// </summary>
public sealed class AdaptedActor(WorkloadActor actor, double inject = 0) : IMeasuredActor
{
    private readonly int _injected = inject > 0 ? actor.Metrics.ToList().IndexOf("update") : -1;

    private long _begin;
    private long _end;

    public string Name => actor.Name;

    public ActorRole Role => actor.Part == ActorPart.Vcpu ? ActorRole.Vcpu : ActorRole.Updater;

    public IReadOnlyList<string> Metrics => actor.Metrics;

    public double RatePerSecond => actor.RatePerSecond;

    public bool KeepsTime => actor.KeepsTime;

    public bool IsWarm => actor.IsWarm;

    public IReadOnlyList<string> PhaseNames => actor.PhaseNames;

    public ReadOnlySpan<long> Phases => actor.Phases;

    public IReadOnlyList<string> SampleMetrics => actor.TouchMetrics;

    public int SampleIndex => actor.TouchIndex;

    /// <summary>What the actor's thread counted; null before it started.</summary>
    public ActorCounters? Counters { get; private set; }

    /// <summary>Seconds from the actor's first step to its last, warm-up included: what the counters cover. Others' turns are in it.</summary>
    public double LoadSeconds => Math.Max(1e-9, (Volatile.Read(ref _end) - _begin) / 1e9);

    public void Prepare()
    {
        if (Counters is null)
        {
            Counters = Actor.Enter(actor.Name).Counters;
            _begin = default(Metal).Timestamp();
        }
        actor.Prepare();
    }

    public int Step() => _injected < 0 ? actor.Step() : StepLonger();

    /// <summary>Busy, as a slower update would be: a sleep would give the core away.</summary>
    private int StepLonger()
    {
        long begin = default(Metal).Timestamp();
        int metric = actor.Step();
        if (metric != _injected) return metric;
        long end = default(Metal).Timestamp();
        long until = end + (long)((end - begin) * inject);
        while (default(Metal).Timestamp() < until) Thread.SpinWait(1);
        return metric;
    }

    public void RecordSamples(LatencyRecorder into, long startTicks)
    {
        foreach (ref readonly GuestTouch touch in actor.ClaimTouches())
            if (touch.Ticks != 0) into.Record(startTicks, startTicks + (long)touch.Ticks);
    }

    public void DiscardSamples() => actor.ClaimTouches();

    public void Quiesce()
    {
        actor.Quiesce();
        Volatile.Write(ref _end, default(Metal).Timestamp());
        Actor.Leave();
    }
}

/// <summary>
/// All actors of a workload on one thread, for the bound without synchronisation: the vCPUs run untimed until the guest has touched its
/// memory, then the updater's step is timed.
/// </summary>
public sealed class TakingTurns(IReadOnlyList<WorkloadActor> actors) : IMeasuredActor
{
    /// <summary>Stays in the guest per vCPU between two updates: enough to map the memory of a smoke run again.</summary>
    private const int TurnsPerUpdate = 4096;

    private readonly WorkloadActor _timed = actors.FirstOrDefault(actor => actor.Part == ActorPart.Updater) ?? actors[0];
    private readonly WorkloadActor[] _untimed = [.. actors.Where(actor => actor.Part == ActorPart.Vcpu).Skip(actors.All(actor => actor.Part == ActorPart.Vcpu) ? 1 : 0)];
    private bool _entered;

    public string Name => "one-thread";

    public ActorRole Role => ActorRole.Other;

    public IReadOnlyList<string> Metrics => _timed.Metrics;

    public bool KeepsTime => _timed.KeepsTime;

    public bool IsWarm => _timed.IsWarm;

    public IReadOnlyList<string> PhaseNames => _timed.PhaseNames;

    public ReadOnlySpan<long> Phases => _timed.Phases;

    public void Prepare()
    {
        if (!_entered) Actor.Enter(Name);
        _entered = true;
        for (int turn = 0; turn < TurnsPerUpdate; turn++)
        {
            foreach (WorkloadActor vcpu in _untimed)
            {
                vcpu.Prepare();
                vcpu.Step();
            }
        }
        _timed.Prepare();
    }

    public int Step() => _timed.Step();

    public void Quiesce()
    {
        foreach (WorkloadActor vcpu in _untimed) vcpu.Quiesce();
        _timed.Quiesce();
        Actor.Leave();
    }
}
