using FsCheck;
using FsCheck.Fluent;
using Lab.Measure;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>The log keeps every sample from its threshold on, and the threshold rises no further than room requires.</summary>
public sealed class SampleLogTests
{
    [Fact]
    public void While_there_is_room_it_keeps_all_in_their_order()
    {
        using SampleLog log = new(4);
        foreach (long value in (long[])[7, 0, 3_600_000_000_001]) log.Record(100 + value, value);
        Assert.Equal([new DatedSample(107, 7), new(100, 0), new(3_600_000_000_101, LatencyHistogram.HighestValue)],
            log.Samples.ToArray());
        Assert.Equal(0, log.ThresholdNanoseconds);
    }

    [Fact]
    public void Whatever_is_recorded_it_holds_exactly_what_reaches_the_threshold()
    {
        Gen<long> value = Gen.Frequency(
            (5, Gen.Choose(0, 300).Select(one => (long)one)),
            (3, Gen.Choose(0, int.MaxValue).Select(one => (long)one)),
            (1, Gen.Constant(LatencyHistogram.HighestValue)),
            (1, Gen.Choose(1, 5).Select(one => LatencyHistogram.HighestValue + one)));
        Prop.ForAll(value.ArrayOf().ToArbitrary(), Gen.Choose(2, 40).ToArbitrary(), (values, capacity) =>
        {
            using SampleLog log = new(capacity);
            for (int i = 0; i < values.Length; i++) log.Record(i, values[i]);
            DatedSample[] expected = [.. values.Select((one, index) => new DatedSample(index,
                Math.Min(one, LatencyHistogram.HighestValue))).Where(one => one.Nanoseconds >= log.ThresholdNanoseconds)];
            return expected.SequenceEqual(log.Samples.ToArray()) && (values.Length > capacity || log.ThresholdNanoseconds == 0);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Of_a_million_samples_the_slowest_are_there_and_none_was_allocated()
    {
        const int capacity = 1 << 12;
        using SampleLog log = new(capacity);
        Random random = new(11);
        long[] values = [.. Enumerable.Range(0, 1_000_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20))];
        log.Record(0, values[0]);
        log.Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < values.Length; i++) log.Record(i, values[i]);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Array.Sort(values);
        Assert.InRange(log.Count, capacity / 4, capacity);
        Assert.Equal(values[^log.Count..], log.Samples.ToArray().Select(one => one.Nanoseconds).Order());
    }

    [Fact]
    public void Equal_samples_leave_room_for_slower_ones()
    {
        using SampleLog log = new(8);
        for (int i = 0; i < 100; i++) log.Record(i, 50);
        log.Record(100, 9_000);
        Assert.Contains(new DatedSample(100, 9_000), log.Samples.ToArray());
        Assert.True(log.ThresholdNanoseconds > 50);
        log.Clear();
        log.Record(1, 1);
        Assert.Equal([new DatedSample(1, 1)], log.Samples.ToArray());
    }

    [Fact]
    public void A_recorder_logs_what_it_records_and_a_merged_one_nothing()
    {
        using LatencyRecorder recorder = new("op", Clock.Default, 4, loggedSamples: 16);
        recorder.OpenWindow(0, 100);
        recorder.RecordNanoseconds(10, 5);
        Assert.Equal([new DatedSample(10, 5)], recorder.Log!.Samples.ToArray());
        using LatencyRecorder merged = LatencyRecorder.Merge([recorder]);
        Assert.Null(merged.Log);
        recorder.OpenWindow(100, 200);
        Assert.Equal(0, recorder.Log.Count);
    }
}
