using Lab.Results;
using Lab.Results.Statistics;
using Perfolizer.Mathematics.QuantileEstimators;
using Xunit;

namespace Lab.Tests.Results;

public sealed class SpreadTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public void Harrell_Davis_agrees_with_Perfolizer(double p)
    {
        double[] values = new Simulated(31).Runs(40, 100, 0.2);
        Perfolizer.Sample sample = new(values);
        QuantileEstimate estimate = HarrellDavis.At(values, p);
        Assert.Equal(HarrellDavisQuantileEstimator.Instance.Quantile(sample, p), estimate.Value, 6);
        Assert.Equal(HarrellDavisQuantileEstimator.Instance.QuantileConfidenceIntervalEstimator(sample, p).StandardError,
            estimate.StandardError, 6);
    }

    [Fact]
    public void Harrell_Davis_is_the_same_of_values_and_of_their_buckets()
    {
        Bucket[] buckets = [new(3, 4, 2), new(7, 8, 5), new(9, 10, 1)];
        double[] values = [3, 3, 7, 7, 7, 7, 7, 9];
        Assert.Equal(HarrellDavis.At(values, 0.4).Value, HarrellDavis.At(buckets, 0.4).Value, 9);
        Assert.Equal(HarrellDavis.At(values, 0.4).StandardError, HarrellDavis.At(buckets, 0.4).StandardError, 6);
        Assert.Throws<ArgumentException>(() => HarrellDavis.At(Array.Empty<double>(), 0.5));
    }

    [Fact]
    public void Two_modes_are_told_from_one()
    {
        Simulated random = new(32);
        Assert.InRange(Spread.MValue(random.Runs(200, 100, 0.02)), 2, Spread.MayBeBimodalMValue);
        Assert.InRange(Spread.MValue([.. random.Runs(100, 100, 0.02), .. random.Runs(100, 150, 0.02)]), Spread.BimodalMValue,
            double.PositiveInfinity);
        Assert.Equal(2, Spread.MValue([]));
        Assert.Equal(2, Spread.MValue([1, 1, 1, 1]));
    }

    [Fact]
    public void The_deviation_of_medians_is_that_of_normal_values_and_ignores_outliers()
    {
        Simulated random = new(33);
        double[] values = [.. Enumerable.Range(0, 2000).Select(_ => 5 * random.Normal())];
        Assert.InRange(Spread.MedianAbsoluteDeviation(values), 4.7, 5.3);
        values[0] = 1e9;
        Assert.InRange(Spread.MedianAbsoluteDeviation(values), 4.7, 5.3);
        Assert.Equal(0, Spread.MedianAbsoluteDeviation([4]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(0.6)]
    public void Correlation_with_the_next_point_is_found(double rho) =>
        Assert.InRange(Spread.Lag1Autocorrelation(new Simulated(34).Series(5000, rho, isLognormal: false)), rho - 0.05,
            rho + 0.05);

    [Fact]
    public void Equal_values_share_the_mean_of_their_ranks()
    {
        Assert.Equal([3.5, 1, 3.5, 2], Spread.Midranks([7, 1, 7, 3]));
        Assert.Equal(0, Spread.Lag1Autocorrelation([2, 2, 2, 2]));
    }

    [Fact]
    public void A_shift_of_the_upper_half_is_seen_there_and_only_there()
    {
        Simulated random = new(35);
        double[] a = random.Runs(400, 100, 0.1);
        double[] b = [.. random.Runs(400, 100, 0.1).Select(value => value > 100 ? value * 1.2 : value)];
        IReadOnlyList<ShiftPoint> shift = ShiftFunction.OfValues(a, b);
        Assert.All(shift.Where(point => point.Quantile < 0.45), point => Assert.True(point.Low < 0 && 0 < point.High));
        Assert.All(shift.Where(point => point.Quantile > 0.65), point => Assert.True(point.Low > 0));
    }

    [Fact]
    public void The_band_of_equal_runs_holds_one_and_that_of_slower_ones_does_not()
    {
        Simulated random = new(36);
        int missed = 0;
        for (int trial = 0; trial < 20; trial++)
        {
            (Bucket[][] a, Bucket[][] b) = (Histograms(random, 100), Histograms(random, 100));
            missed += ShiftFunction.AcrossRuns(a, b, ShiftFunction.Deciles, seed: trial,
                draws: 200).Any(point => point.Low > 1 || point.High < 1) ? 1 : 0;
        }
        Assert.InRange(missed, 0, 4);
        Assert.All(ShiftFunction.AcrossRuns(Histograms(random, 100), Histograms(random, 120), ShiftFunction.Deciles, seed: 1,
            draws: 200), point => Assert.True(point.Low > 1.1));

        static Bucket[][] Histograms(Simulated random, double centre) =>
            [.. random.Runs(10, centre, 0.03).Select(mood => Buckets.Merge(
                random.Runs(300, mood, 0.1).Select(value => new Bucket((long)value, (long)value + 1, 1))).ToArray())];
    }

    [Fact]
    public void Equal_seeds_give_equal_bands()
    {
        Bucket[][] a = [[new(10, 11, 5), new(20, 21, 5)], [new(11, 12, 5), new(22, 23, 5)]];
        Bucket[][] b = [[new(12, 13, 9)], [new(13, 14, 9)]];
        Assert.Equal(ShiftFunction.AcrossRuns(a, b, [0.5], seed: 3), ShiftFunction.AcrossRuns(a, b, [0.5], seed: 3));
        Assert.Throws<ArgumentException>(() => ShiftFunction.AcrossRuns(a, [b[0], []], [0.5], seed: 3));
    }
}
