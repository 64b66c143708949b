using Lab.Measure;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

public sealed class LatencyRecorderTests
{
    private static readonly Clock StopwatchClock = Clock.Calibrate(ClockSource.Stopwatch);

    [Fact]
    public void Recording_allocates_nothing()
    {
        using LatencyRecorder recorder = new("fault", Clock.Default, 10);
        long start = Clock.Default.Ticks();
        recorder.OpenWindow(start, start + Clock.Default.ToTicks(TimeSpan.FromMilliseconds(1)));
        recorder.Record(start, start + 100);
        recorder.RecordNanoseconds(start, long.MaxValue);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++) recorder.Record(start + (i * 100), Clock.Default.Ticks());
        recorder.RecordNanoseconds(start, long.MaxValue);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(100_003, recorder.Histogram.Count);
    }

    /// <summary>Half a window, then 10 µs of somebody else's, then the other half, recorded by one of two writers only.</summary>
    [Fact]
    public void A_window_that_was_interrupted_goes_on_where_it_stopped()
    {
        using LatencyRecorder both = new("fault", StopwatchClock, 4), first = new("fault", StopwatchClock, 4);
        foreach (LatencyRecorder one in new[] { both, first })
        {
            one.OpenWindow(1_000, 2_000);
            one.Record(1_010, 1_020);
            one.Record(1_490, 1_520);
        }

        both.Timeline.MoveWindow(11_500 - 500);
        both.Record(11_500, 11_540);
        both.Record(11_990, 12_000);
        using LatencyRecorder merged = LatencyRecorder.Merge([both, first]);

        Assert.Equal([1L, 1, 1, 1], both.Timeline.Summaries().Select(row => row.Count));
        Assert.Equal([2L, 2, 1, 1], merged.Timeline.Summaries().Select(row => row.Count));
        Assert.Equal([0L, 250, 500, 750], merged.Timeline.Summaries().Select(row => row.OffsetNanoseconds));
        Assert.Equal(40, merged.Timeline.Summaries()[2].Max);
    }

    [Fact]
    public void Each_latency_is_dated_by_its_start()
    {
        using LatencyRecorder recorder = new("fault", StopwatchClock, 10);
        recorder.OpenWindow(1_000, 2_000);
        for (long start = 1_000; start < 2_000; start++) recorder.Record(start, start + 500 + (start / 100));
        IReadOnlyList<IntervalSummary> rows = recorder.Timeline.Summaries();

        Assert.Equal(10, rows.Count);
        Assert.All(rows, row => Assert.Equal(100, row.Count));
        Assert.All(rows, row => Assert.Equal((row.Index * 100L, 100L), (row.OffsetNanoseconds, row.LengthNanoseconds)));
        Assert.All(rows, row => Assert.Equal(510 + row.Index, row.Max));
        Assert.All(rows, row => Assert.InRange(row.P50, row.Max * 0.984, row.Max));
        Assert.All(rows, row => Assert.InRange(row.P99, row.P50, row.Max));
        Assert.Equal(1_000, recorder.Histogram.Count);
    }

    [Fact]
    public void A_start_outside_the_window_is_not_lost()
    {
        using LatencyRecorder recorder = new("fault", StopwatchClock, 4);
        recorder.OpenWindow(1_000, 2_000);
        foreach (long start in (long[])[0, 999, 1_000, 1_999, 2_000, 50_000, 1_000]) recorder.Record(start, start + 7);
        Assert.Equal([4L, 0, 0, 3], recorder.Timeline.Summaries().Select(row => row.Count));
        Assert.Equal((0L, 0L, 0L), Latencies(recorder.Timeline.Summaries()[1]));
    }

    [Fact]
    public void Timeline_quantiles_are_the_sorted_array_s_within_its_coarseness()
    {
        using Timeline timeline = new(1, StopwatchClock);
        timeline.OpenWindow(0, 100);
        Random random = new(3);
        long[] values = [.. Enumerable.Range(0, 10_000).Select(_ => (long)Math.Exp(random.NextDouble() * 28))];
        foreach (long value in values) timeline.Record(5, value);
        timeline.Record(5, long.MaxValue);
        Array.Sort(values);
        IntervalSummary row = Assert.Single(timeline.Summaries());
        Assert.InRange(row.P50, values[5_000] * 0.98, values[5_000] * 1.02);
        Assert.InRange(row.P99, values[9_900] * 0.98, values[9_900] * 1.02);
        Assert.Equal((10_001L, long.MaxValue), (row.Count, row.Max));
    }

    [Fact]
    public void Merging_adds_histograms_and_timelines()
    {
        using LatencyRecorder a = Opened("fault", 0, 100), b = Opened("fault", 0, 100);
        a.Record(10, 30);
        b.Record(10, 50);
        b.Record(90, 95);
        using LatencyRecorder merged = LatencyRecorder.Merge([a, b]);
        Assert.Equal("fault", merged.Metric);
        Assert.Equal((3L, 5L, 40L), (merged.Histogram.Count, merged.Histogram.Min, merged.Histogram.Max));
        Assert.Equal([2L, 1], merged.Timeline.Summaries().Where(row => row.Count > 0).Select(row => row.Count));
        Assert.Equal((1L, 2L), (a.Histogram.Count, b.Histogram.Count));
    }

    [Fact]
    public void Different_metrics_or_windows_are_not_merged()
    {
        using LatencyRecorder fault = Opened("fault", 0, 100), put = Opened("put", 0, 100), later = Opened("fault", 100, 200);
        Assert.Throws<ArgumentException>(() => LatencyRecorder.Merge([fault, put]));
        Assert.Throws<ArgumentException>(() => LatencyRecorder.Merge([fault, later]));
        Assert.Throws<ArgumentException>(() => LatencyRecorder.Merge([]));
    }

    private static LatencyRecorder Opened(string metric, long start, long end)
    {
        LatencyRecorder recorder = new(metric, StopwatchClock, 5);
        recorder.OpenWindow(start, end);
        return recorder;
    }

    private static (long P50, long P99, long Max) Latencies(IntervalSummary row) => (row.P50, row.P99, row.Max);
}
