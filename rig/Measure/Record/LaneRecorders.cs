using Lab.Time;

namespace Lab.Measure;

/// <summary>The recorders of one actor: one per metric, one more per metric when it has a schedule, one per phase.</summary>
internal sealed class LaneRecorders : IDisposable
{
    /// <summary>What a fixed-rate actor's latency from the intended start is called: the metric's name and this.</summary>
    public const string IntendedSuffix = ".intended";

    private readonly LatencyRecorder[] _service;
    private readonly LatencyRecorder[] _intended;
    private readonly LatencyRecorder[] _phases;
    private readonly LatencyRecorder[] _samples;

    /// <param name="actor">Whose metrics.</param>
    /// <param name="clock">That stamps are taken with.</param>
    /// <param name="intervalCount">Of the timelines.</param>
    /// <param name="isPaced">Whether there is an intended start to count from.</param>
    /// <param name="loggedSamples">How many samples of a metric are kept one by one; phases lie within a sample that is.</param>
    public LaneRecorders(IMeasuredActor actor, Clock clock, int intervalCount, bool isPaced, int loggedSamples)
    {
        LatencyRecorder Create(string metric) => new(metric, clock, intervalCount, loggedSamples);
        LatencyRecorder CreateBrief(string metric) => new(metric, clock, intervalCount);
        _service = [.. actor.Metrics.Select(Create)];
        _intended = isPaced ? [.. actor.Metrics.Select(metric => Create(metric + IntendedSuffix))] : [];
        _phases = [.. actor.PhaseNames.Select(CreateBrief)];
        _samples = [.. actor.SampleMetrics.Select(Create)];
        All = [.. _service, .. _intended, .. _phases, .. _samples];
    }

    /// <summary>In the order: metrics, intended metrics, phases, samples.</summary>
    public IReadOnlyList<LatencyRecorder> All { get; }

    /// <summary>Empties every recorder and opens it over the window.</summary>
    public void OpenWindow(long startTicks, long endTicks)
    {
        foreach (LatencyRecorder recorder in All) recorder.OpenWindow(startTicks, endTicks);
    }

    /// <summary>Moves every timeline on past what was not measured.</summary>
    /// <param name="startTicks">Where the window would have opened, had it not been cut.</param>
    public void EnterTurn(long startTicks)
    {
        foreach (LatencyRecorder recorder in All) recorder.Timeline.MoveWindow(startTicks);
    }

    public void RecordService(int metric, long startTicks, long endTicks) => _service[metric].Record(startTicks, endTicks);

    public void RecordIntended(int metric, long intendedTicks, long endTicks) =>
        _intended[metric].Record(intendedTicks, endTicks);

    public void RecordPhases(ReadOnlySpan<long> phases, long startTicks)
    {
        for (int i = 0; i < phases.Length; i++)
        {
            if (phases[i] >= 0) _phases[i].RecordNanoseconds(startTicks, phases[i]);
        }
    }

    public void RecordSamples(IMeasuredActor actor, long startTicks)
    {
        if (_samples.Length > 0 && actor.SampleIndex is >= 0 and int index) actor.RecordSamples(_samples[index], startTicks);
    }

    public void Dispose()
    {
        foreach (LatencyRecorder recorder in All) recorder.Dispose();
    }
}
