using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Every_value_up_to_a_million_lands_in_its_bucket_within_a_thousandth()
    {
        using LatencyHistogram histogram = new();
        for (long value = 1; value <= 1_000_000; value++) histogram.Record(value);

        long next = 1;
        foreach (HistogramBucket bucket in histogram.Buckets())
        {
            Assert.InRange(next, bucket.Low, bucket.High - 1);
            Assert.True(next == bucket.Low);
            long expected = Math.Min(bucket.High, 1_000_001) - bucket.Low;
            Assert.Equal(expected, bucket.Count);
            AssertWithinThousandth(bucket, bucket.Low);
            AssertWithinThousandth(bucket, bucket.High - 1);
            next = bucket.High;
        }

        Assert.True(next > 1_000_000);
        Assert.Equal(1_000_000, histogram.Count);
        Assert.Equal((UInt128)500_000_500_000, histogram.Sum);
        Assert.Equal((1L, 1_000_000L), (histogram.Min, histogram.Max));
    }

    [Fact]
    public void Random_values_up_to_an_hour_are_neither_lost_nor_moved()
    {
        long[] values = RandomValues(200_000, seed: 7);
        foreach (long value in values)
        {
            int index = LogLinear.IndexOf((ulong)value, 10);
            long low = LogLinear.LowOf(index, 10), width = LogLinear.WidthOf(index, 10);
            Assert.InRange(value, low, low + width - 1);
            AssertWithinThousandth(new HistogramBucket(low, low + width, 1), value);
        }

        using LatencyHistogram histogram = Filled(values);
        Assert.Equal(values.Length, histogram.Buckets().Sum(bucket => bucket.Count));
        Assert.Equal(values.Length, histogram.Count);
        Assert.Equal((values.Min(), values.Max()), (histogram.Min, histogram.Max));
        Assert.Equal(values.Aggregate(UInt128.Zero, (sum, value) => sum + (UInt128)value), histogram.Sum);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    public void The_layout_is_contiguous_and_ends_at_one_hour(int bits)
    {
        int count = LogLinear.BucketCount(bits);
        for (int index = 0; index < count; index++)
        {
            long low = LogLinear.LowOf(index, bits);
            Assert.Equal(index, LogLinear.IndexOf((ulong)low, bits));
            Assert.Equal(index, LogLinear.IndexOf((ulong)(low + LogLinear.WidthOf(index, bits) - 1), bits));
            Assert.Equal(low + LogLinear.WidthOf(index, bits), LogLinear.LowOf(index + 1, bits));
        }

        Assert.Equal(count - 1, LogLinear.IndexOf(LogLinear.HighestValue, bits));
    }

    [Fact]
    public void Quantiles_are_the_sorted_array_s()
    {
        long[] values = RandomValues(50_000, seed: 11);
        using LatencyHistogram histogram = Filled(values);
        Array.Sort(values);
        foreach (double p in (double[])[0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1])
        {
            long expected = values[Math.Clamp((int)Math.Ceiling(p * values.Length) - 1, 0, values.Length - 1)];
            Assert.InRange(histogram.Quantile(p), expected * 0.999, expected * 1.001);
        }

        Assert.Equal(values[0], histogram.Quantile(0));
        Assert.Equal(values[^1], histogram.Quantile(1));
        double mean = values.Average(value => (double)value);
        double deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        Assert.InRange(histogram.Mean, mean * 0.999999, mean * 1.000001);
        Assert.InRange(histogram.StandardDeviation, deviation * 0.999, deviation * 1.001);
    }

    [Fact]
    public void What_is_out_of_range_is_clamped_and_counted_and_its_maximum_kept()
    {
        using LatencyHistogram histogram = new();
        histogram.Record(LatencyHistogram.HighestValue);
        histogram.Record(LatencyHistogram.HighestValue + 1);
        histogram.Record(long.MaxValue);
        histogram.Record(long.MaxValue);
        histogram.Record(long.MaxValue);
        histogram.Record(-1);
        histogram.Record(0);

        Assert.Equal(7, histogram.Count);
        Assert.Equal((4L, 1L), (histogram.ClampedHighCount, histogram.ClampedLowCount));
        Assert.Equal(long.MaxValue, histogram.Max);
        Assert.Equal(0, histogram.Min);
        Assert.Equal((UInt128)long.MaxValue * 3 + (2 * (UInt128)LatencyHistogram.HighestValue) + 1, histogram.Sum);
        Assert.Equal([2L, 5L], histogram.Buckets().Select(bucket => bucket.Count));
    }

    [Fact]
    public void Merging_is_recording_all_in_one()
    {
        long[] first = RandomValues(10_000, seed: 1), second = [.. RandomValues(5_000, seed: 2), long.MaxValue, -3];
        using LatencyHistogram a = Filled(first), b = Filled(second), both = Filled([.. first, .. second]);
        a.MergeFrom(b);

        Assert.Equal(both.Buckets(), a.Buckets());
        Assert.Equal((both.Count, both.Min, both.Max, both.Sum), (a.Count, a.Min, a.Max, a.Sum));
        Assert.Equal((both.ClampedHighCount, both.ClampedLowCount), (a.ClampedHighCount, a.ClampedLowCount));
        Assert.Equal(second.Length, b.Count);

        using LatencyHistogram empty = new();
        a.MergeFrom(empty);
        Assert.Equal((both.Count, both.Min), (a.Count, a.Min));
    }

    [Fact]
    public void An_empty_one_has_no_quantiles_and_a_cleared_one_is_empty()
    {
        using LatencyHistogram histogram = new();
        histogram.Record(5);
        histogram.Clear();
        Assert.Equal((0L, 0L, 0L), (histogram.Count, histogram.Min, histogram.Max));
        Assert.True(double.IsNaN(histogram.Mean));
        Assert.True(double.IsNaN(histogram.StandardDeviation));
        Assert.Empty(histogram.Buckets());
        Assert.Throws<InvalidOperationException>(() => histogram.Quantile(0.5));
        histogram.Record(9);
        Assert.Equal((9L, 9L), (histogram.Min, histogram.Max));
    }

    [Fact]
    public void Reading_a_disposed_one_is_refused()
    {
        LatencyHistogram histogram = new();
        histogram.Dispose();
        Assert.Throws<ObjectDisposedException>(() => histogram.Count);
        Assert.Throws<ObjectDisposedException>(() => histogram.Buckets().ToArray());
    }

    private static void AssertWithinThousandth(HistogramBucket bucket, long value)
    {
        long midpoint = bucket.Low + ((bucket.High - bucket.Low) >> 1);
        Assert.True(Math.Abs(midpoint - value) <= 0.001 * value, $"{value} is shown as {midpoint}");
    }

    private static LatencyHistogram Filled(long[] values)
    {
        LatencyHistogram histogram = new();
        foreach (long value in values) histogram.Record(value);
        return histogram;
    }

    /// <summary>1 ns … 1 h, evenly on a logarithmic scale.</summary>
    private static long[] RandomValues(int count, int seed)
    {
        Random random = new(seed);
        double top = Math.Log(LatencyHistogram.HighestValue);
        return [.. Enumerable.Range(0, count).Select(_ => Math.Max(1, (long)Math.Exp(random.NextDouble() * top)))];
    }
}
