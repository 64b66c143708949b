using Lab.Results.Statistics;
using Xunit;

namespace Lab.Tests.Results;

public sealed class RatioEstimateTests
{
    [Theory]
    [InlineData(5, 0.05, 0)] // 2/32 is more than 0.05: no bound.
    [InlineData(6, 0.05, 1)]
    [InlineData(10, 0.05, 9)] // Tables of the signed-rank test: critical value 8.
    [InlineData(10, 0.01, 4)]
    [InlineData(20, 0.05, 53)]
    [InlineData(50, 0.05, 435)]
    public void Bounds_of_paired_blocks_are_those_of_the_tables(int blocks, double misrate, int rank) =>
        Assert.Equal(rank, NullDistribution.SignedRank(blocks).LowerRank(misrate / 2));

    [Theory]
    [InlineData(3, 3, 0.05, 0)]
    [InlineData(4, 4, 0.05, 1)]
    [InlineData(10, 10, 0.05, 24)]
    [InlineData(8, 12, 0.05, 23)]
    [InlineData(20, 20, 0.05, 128)]
    public void Bounds_of_arms_measured_apart_are_those_of_the_tables(int baseline, int candidate, double misrate, int rank) =>
        Assert.Equal(rank, NullDistribution.MannWhitney(baseline, candidate).LowerRank(misrate / 2));

    [Fact]
    public void Where_counting_ends_the_normal_distribution_goes_on()
    {
        // 30 + 30 is counted, 31 + 30 is not: the shares at one deviation below the middle hardly differ.
        (NullDistribution counted, NullDistribution approximated) =
            (NullDistribution.MannWhitney(30, 30), NullDistribution.MannWhitney(31, 30));
        Assert.Equal(counted.AtMost(450 - 68), approximated.AtMost(465 - 70), 0.003);
        Assert.Equal(NullDistribution.SignedRank(60).AtMost(700), NullDistribution.SignedRank(61).AtMost(729), 0.01);
    }

    [Fact]
    public void The_ratio_is_the_median_of_all_pairs()
    {
        Assert.Equal(1.1, RatioEstimate.Paired([100, 200, 50], [110, 220, 55]).Ratio, 12);
        Assert.Equal(2, RatioEstimate.Unpaired([1, 1, 1], [2, 2, 100]).Ratio, 12);
    }

    [Fact]
    public void One_wild_run_does_not_bend_the_ratio()
    {
        double[] baseline = [100, 101, 99, 100, 102, 98, 100, 101, 99, 100];
        double[] candidate = [.. baseline.Select(value => value * 1.05)];
        candidate[3] *= 10;
        Assert.InRange(RatioEstimate.Paired(baseline, candidate).Ratio, 1.049, 1.06);
    }

    [Fact]
    public void A_bound_clears_a_threshold_exactly_when_the_test_against_it_rejects()
    {
        Simulated random = new(11);
        for (int trial = 0; trial < 200; trial++)
        {
            double[] a = random.Runs(10, 100, 0.03), b = random.Runs(10, 102, 0.03);
            foreach (RatioEstimate estimate in new[] { RatioEstimate.Paired(a, b), RatioEstimate.Unpaired(a, b) })
            {
                foreach (double misrate in new[] { 0.01, 0.05, 0.2 })
                {
                    RatioInterval interval = estimate.Interval(misrate);
                    Assert.Equal(interval.Low > 1.01, estimate.PAbove(1.01) <= misrate / 2);
                    Assert.Equal(interval.High < 1.05, estimate.PBelow(1.05) <= misrate / 2);
                    Assert.InRange(estimate.Ratio, interval.Low, interval.High);
                }
            }
        }
    }

    [Fact]
    public void An_interval_misses_no_more_often_than_it_says()
    {
        Simulated random = new(12);
        int paired = 0, unpaired = 0;
        for (int trial = 0; trial < 1000; trial++)
        {
            double[] a = random.Runs(10, 100, 0.03), b = random.Runs(10, 110, 0.03);
            paired += RatioEstimate.Paired(a, b).Interval(0.05) is var p && p.Low <= 1.1 && 1.1 <= p.High ? 0 : 1;
            unpaired += RatioEstimate.Unpaired(a, b).Interval(0.05) is var u && u.Low <= 1.1 && 1.1 <= u.High ? 0 : 1;
        }
        Assert.InRange(paired, 20, 65);
        Assert.InRange(unpaired, 20, 65);
    }

    [Fact]
    public void Arms_that_cannot_be_compared_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RatioEstimate.Paired([1, 2], [1]));
        Assert.Throws<ArgumentException>(() => RatioEstimate.Unpaired([], [1]));
        Assert.Throws<ArgumentException>(() => RatioEstimate.Unpaired([0], [1]));
        Assert.Throws<ArgumentException>(() => RatioEstimate.Unpaired([1], [double.NaN]));
    }

    [Fact]
    public void Equal_runs_differ_in_nothing()
    {
        double[] runs = [.. Enumerable.Repeat(5.0, 10)];
        RatioEstimate estimate = RatioEstimate.Paired(runs, runs);
        Assert.Equal((1, 1), (estimate.Interval(0.05).Low, estimate.Interval(0.05).High));
        Assert.Equal((1, 1), (estimate.PAbove(1), estimate.PBelow(1)));
    }

    [Fact]
    public void Ranks_agree_with_published_Mann_Whitney_tests()
    {
        // Hollander, Wolfe, Chicken 2014, example 4.1 (permeability): U = 15 of 50, two-sided p = 0.2544.
        MannWhitney test =
            MannWhitney.Of([1.15, 0.88, 0.90, 0.74, 1.21], [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]);
        Assert.Equal(15, test.U);
        Assert.Equal(0.2544, test.P, 0.0001);
        Assert.Equal(1, MannWhitney.Of([1, 1], [1, 1, 1]).P);
        // All ten ways to pick two of five tied ranks 1, 2.5, 2.5, 4.5, 4.5: one reaches a sum of 3.5 twice over.
        Assert.Equal(2 * 2 / 10.0, MannWhitney.Of([1, 2], [2, 3, 3]).P, 12);
    }
}
