using System.Runtime.CompilerServices;
using Lab.Time;

namespace Lab.Measure;

/// <summary>What one thread records one metric with: a full-range histogram and the same latencies over time. One per thread and
/// metric, merged by metric when the run is over; recording neither allocates nor shares a cache line.</summary>
public sealed class LatencyRecorder : IDisposable
{
    private readonly Clock _clock;

    /// <param name="metric">What is recorded.</param>
    /// <param name="clock">That the stamps are of.</param>
    /// <param name="intervalCount">Of the timeline.</param>
    /// <param name="loggedSamples">Room for samples that are kept one by one; 0 for none.</param>
    public LatencyRecorder(string metric, Clock clock, int intervalCount, int loggedSamples = 0)
        : this(metric, clock, new Timeline(intervalCount, clock), loggedSamples)
    {
    }

    private LatencyRecorder(string metric, Clock clock, Timeline timeline, int loggedSamples)
    {
        ArgumentException.ThrowIfNullOrEmpty(metric);
        ArgumentNullException.ThrowIfNull(clock);
        Metric = metric;
        _clock = clock;
        Timeline = timeline;
        Log = loggedSamples > 0 ? new SampleLog(loggedSamples) : null;
    }

    public string Metric { get; }

    public LatencyHistogram Histogram { get; } = new();

    public Timeline Timeline { get; }

    /// <summary>The slower samples one by one; null for a recorder that keeps none, and for a merged one.</summary>
    public SampleLog? Log { get; }

    /// <summary>Forgets what was recorded and opens the timeline over the given stretch of clock ticks. For the writer
    /// only.</summary>
    public void OpenWindow(long startTicks, long endTicks)
    {
        Histogram.Clear();
        Timeline.OpenWindow(startTicks, endTicks);
        Log?.Clear();
    }

    /// <summary>Records the latency between two stamps of this recorder's clock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Record(long startTicks, long endTicks) =>
        RecordNanoseconds(startTicks, _clock.ToNanoseconds(endTicks - startTicks));

    /// <summary>Records a latency that was measured elsewhere, under the moment at which it began.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RecordNanoseconds(long startTicks, long nanoseconds)
    {
        Histogram.Record(nanoseconds);
        Timeline.Record(startTicks, nanoseconds);
        Log?.Record(startTicks, nanoseconds);
    }

    /// <summary>A new recorder that holds what all the given ones do; they are unchanged, and none may be written to meanwhile.
    /// The caller owns it.</summary>
    /// <exception cref="ArgumentException">None given, or they differ in metric or window.</exception>
    public static LatencyRecorder Merge(IReadOnlyList<LatencyRecorder> recorders)
    {
        ArgumentNullException.ThrowIfNull(recorders);
        if (recorders.Count == 0 || recorders.Any(other => other.Metric != recorders[0].Metric))
        {
            throw new ArgumentException("Only recorders of one metric can be merged.", nameof(recorders));
        }
        LatencyRecorder merged =
            new(recorders[0].Metric, recorders[0]._clock, recorders[0].Timeline.EmptyTwin(), loggedSamples: 0);
        foreach (LatencyRecorder recorder in recorders)
        {
            merged.Histogram.MergeFrom(recorder.Histogram);
            merged.Timeline.MergeFrom(recorder.Timeline);
        }

        return merged;
    }

    /// <summary>Frees the memory; the writer must have stopped for good.</summary>
    public void Dispose()
    {
        Histogram.Dispose();
        Timeline.Dispose();
        Log?.Dispose();
    }
}
