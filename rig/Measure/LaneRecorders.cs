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

    public LaneRecorders(IMeasuredActor actor, Clock clock, int intervalCount, bool isPaced)
    {
        LatencyRecorder Create(string metric) => new(metric, clock, intervalCount);
        _service = [.. actor.Metrics.Select(Create)];
        _intended = isPaced ? [.. actor.Metrics.Select(metric => Create(metric + IntendedSuffix))] : [];
        _phases = [.. actor.PhaseNames.Select(Create)];
        _samples = [.. actor.SampleMetrics.Select(Create)];
        All = [.. _service, .. _intended, .. _phases, .. _samples];
    }

    /// <summary>In the order: metrics, intended metrics, phases, samples.</summary>
    public IReadOnlyList<LatencyRecorder> All { get; }

    /// <summary>Empties every recorder and opens it over the window.</summary>
    public void OpenWindow(long startTicks, long endTicks)
    {
        foreach (LatencyRecorder recorder in All)
            recorder.OpenWindow(startTicks, endTicks);
    }

    public void RecordService(int metric, long startTicks, long endTicks) => _service[metric].Record(startTicks, endTicks);

    public void RecordIntended(int metric, long intendedTicks, long endTicks) => _intended[metric].Record(intendedTicks, endTicks);

    public void RecordPhases(ReadOnlySpan<long> phases, long startTicks)
    {
        for (int i = 0; i < phases.Length; i++)
        {
            if (phases[i] >= 0)
                _phases[i].RecordNanoseconds(startTicks, phases[i]);
        }
    }

    public void RecordSamples(IMeasuredActor actor, long startTicks)
    {
        if (_samples.Length > 0 && actor.SampleIndex is >= 0 and int index)
            actor.RecordSamples(_samples[index], startTicks);
    }

    public void Dispose()
    {
        foreach (LatencyRecorder recorder in All)
            recorder.Dispose();
    }
}
