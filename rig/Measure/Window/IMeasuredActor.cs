namespace Lab.Measure;

/// <summary>The part an actor plays; results are grouped by it.</summary>
public enum ActorRole
{
    /// <summary>Runs guest code or takes guest faults.</summary>
    Vcpu,

    /// <summary>Changes memslots, unmaps, zaps: the side whose latency the strategy is about.</summary>
    Updater,

    /// <summary>Does something unrelated and suffers, or does not.</summary>
    Bystander,

    Other,
}

/// <summary>One part of the load, as whoever drives it sees it: a workload offers such, <see cref="TimedMeasurement"/> runs each
/// on a thread. All members are called on the actor's own thread once it has started, except the descriptive ones, which are read
/// once before.</summary>
/// <remarks>A thread calls <c>Begin</c>, repeats <c>Prepare, Step</c> and times Step alone, and calls <c>Quiesce, End</c>. Before
/// the window opens that is the warm-up, after it closes it goes on as load until the last actor has measured. A step should be
/// short against the window and must return when the load stops: nothing interrupts it. An exception ends the run and is reported
/// in it.</remarks>
public interface IMeasuredActor
{
    /// <summary>Names the thread and the row of the report; unique within a run.</summary>
    string Name { get; }

    ActorRole Role { get; }

    /// <summary>What <see cref="Step"/> can be recorded under. Actors that share a metric are merged under it.</summary>
    IReadOnlyList<string> Metrics { get; }

    /// <summary>Steps per second on a schedule fixed in advance; 0 is a closed loop, one step after another.</summary>
    double RatePerSecond => 0;

    /// <summary>Whether steps have times of their own that go on while the actor does not: such a load cannot be measured in
    /// turns. True of every fixed rate.</summary>
    bool KeepsTime => RatePerSecond > 0;

    /// <summary>Whether more steps would change nothing any more. Asked after each step until it is true.</summary>
    bool IsWarm { get; }

    /// <summary>What <see cref="Phases"/> is recorded under; empty when the actor has none.</summary>
    IReadOnlyList<string> PhaseNames => [];

    /// <summary>Nanoseconds spent in each phase of the last step, in the order of <see cref="PhaseNames"/>; shorter or empty when
    /// it had none; a negative value is a phase that did not occur.</summary>
    ReadOnlySpan<long> Phases => default;

    /// <summary>What <see cref="RecordSamples"/> can record under; an actor with several says by <see cref="SampleIndex"/> which
    /// it is now.</summary>
    IReadOnlyList<string> SampleMetrics => [];

    /// <summary>Index in <see cref="SampleMetrics"/> of the samples taken since the last call; negative if they are not
    /// recorded.</summary>
    int SampleIndex => 0;

    /// <summary>Records latencies that were taken elsewhere since the last call, all under the moment given.</summary>
    void RecordSamples(LatencyRecorder into, long startTicks)
    {
    }

    /// <summary>Forgets what <see cref="RecordSamples"/> would record: it was taken, or begun, outside the window.</summary>
    void DiscardSamples()
    {
    }

    /// <summary>Called once, before anything else of the load: the thread becomes this actor's.</summary>
    void Begin()
    {
    }

    /// <summary>Untimed work before a step.</summary>
    void Prepare()
    {
    }

    /// <summary>The timed operation. Returns the index in <see cref="Metrics"/> to record it under, or -1 for none.</summary>
    int Step();

    /// <summary>Another number as long as a step, or what prepares it, gets on with bounded work that takes long: who watches
    /// takes it for steps. Any thread.</summary>
    long WorkAmidStep => 0;

    /// <summary>Called once when the load has stopped: whoever still holds something lets go of it.</summary>
    void Quiesce()
    {
    }

    /// <summary>Called once at the very end: the thread is nobody's again.</summary>
    void End()
    {
    }
}
