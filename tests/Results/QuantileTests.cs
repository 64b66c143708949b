using Lab.Results;
using Xunit;

namespace Lab.Tests.Results;

public sealed class QuantileTests(WrittenSample sample) : IClassFixture<WrittenSample>
{
    /// <summary>1, 2, …, 100, each in a bucket of its own.</summary>
    private static readonly Bucket[] OneToHundred = [.. Enumerable.Range(1, 100).Select(v => new Bucket(v, v + 1, 1))];

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 50)]
    [InlineData(0.501, 51)]
    [InlineData(0.9, 90)]
    [InlineData(0.99, 99)]
    [InlineData(0.991, 100)]
    [InlineData(1, 100)]
    public void A_quantile_is_the_value_at_its_rank(double p, double expected) =>
        Assert.Equal(expected, Quantiles.At(OneToHundred, p));

    [Fact]
    public void A_bucket_stands_for_its_midpoint() => Assert.Equal(1032, Quantiles.At([new Bucket(1024, 1040, 7)], 0.5));

    [Fact]
    public void Mean_and_deviation_agree_with_the_samples()
    {
        Assert.Equal(50.5, Quantiles.Mean(OneToHundred), 9);
        Assert.Equal(Math.Sqrt((100.0 * 100 - 1) / 12), Quantiles.StandardDeviation(OneToHundred), 9);
    }

    [Fact]
    public void Without_samples_there_is_no_quantile_no_mean_and_no_spectrum()
    {
        Assert.True(double.IsNaN(Quantiles.At([], 0.5)));
        Assert.True(double.IsNaN(Quantiles.Mean([])));
        Assert.Empty(Quantiles.Spectrum([]));
    }

    [Fact]
    public void Merging_sums_the_counts_of_equal_buckets()
    {
        IReadOnlyList<Bucket> merged = Buckets.Merge([new(8, 9, 1), new(1, 2, 3), new(8, 9, 4), new(5, 6, 0)]);
        Assert.Equal([new Bucket(1, 2, 3), new Bucket(8, 9, 5)], merged);
    }

    [Fact]
    public void A_spectrum_rises_from_the_smallest_sample_to_the_largest()
    {
        IReadOnlyList<SpectrumPoint> spectrum = Quantiles.Spectrum(OneToHundred);
        Assert.Equal(new SpectrumPoint(1, 1), spectrum[0]);
        Assert.Equal(new SpectrumPoint(100, 100), spectrum[^1]);
        Assert.Equal(91, spectrum.Single(point => Math.Abs(point.InverseTail - 10) < 1e-9).Value);
        Assert.All(spectrum.Zip(spectrum.Skip(1)), pair => Assert.True(pair.First.Value <= pair.Second.Value));
    }

    [Fact]
    public void A_single_sample_has_a_spectrum_of_one_point() =>
        Assert.Equal([new SpectrumPoint(1, 7)], Quantiles.Spectrum([new Bucket(7, 8, 1)]));

    [Fact]
    public void Pooled_repetitions_have_the_quantiles_of_all_their_samples()
    {
        RunRecord run = sample.Run;

        PooledMetric? pooled = run.Pool("workqueue", run.Scenes[0], "update");

        Assert.NotNull(pooled);
        Assert.Equal((2, 8000L), (pooled.Runs, pooled.Count));
        Assert.InRange(pooled.P50, 33_000, 35_500);
        Assert.InRange(pooled.P99, pooled.P99OfRuns.Low * 0.97, pooled.P99OfRuns.High * 1.03);
        Assert.Null(run.Pool("workqueue", run.Scenes[0], "no-such-metric"));
    }
}
