using Lab.Results.Statistics;
using Xunit;

namespace Lab.Tests.Results;

public sealed class ComparisonTests
{
    private static readonly string[] Names = ["p50", "p90", "p99", "p99.9"];

    private static IReadOnlyList<Comparison> Compare((double[][] A, double[][] B) blocks, double threshold) =>
        ComparisonFamily.Compare(
            [.. Names.Select((name, q) => new Question(name, RatioEstimate.Paired(blocks.A[q], blocks.B[q])))], threshold);

    private static int FamiliesWith(
        int seed, int families, double change, double threshold, double drift, Func<RatioVerdict, bool> isCounted,
        double runSpread = 0.03)
    {
        Simulated random = new(seed);
        int found = 0;
        for (int family = 0; family < families; family++)
        {
            if (Compare(random.Blocks(10, change, runSpread, drift), threshold).Any(answer => isCounted(answer.Verdict)))
            {
                found++;
            }
        }
        return found;
    }

    private static bool IsDifference(RatioVerdict verdict) => verdict is RatioVerdict.Faster or RatioVerdict.Slower;

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    public void Of_200_comparisons_of_equals_at_most_one_in_twenty_reports_a_difference(double drift) =>
        Assert.InRange(FamiliesWith(21, 200, change: 0, threshold: 0, drift, IsDifference), 0, 10);

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    public void With_a_threshold_of_two_percent_at_most_one_in_a_hundred_does(double drift) =>
        Assert.InRange(FamiliesWith(22, 200, change: 0, threshold: 0.02, drift, IsDifference), 0, 2);

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    public void Ten_percent_slower_is_reported_by_ten_blocks(double drift) =>
        Assert.InRange(
            FamiliesWith(23, 200, change: 0.1, threshold: 0.02, drift, verdict => verdict == RatioVerdict.Slower), 190, 200);

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    public void Of_200_comparisons_of_arms_just_not_equal_at_most_one_in_twenty_is_called_equivalent(double drift) =>
        Assert.InRange(FamiliesWith(34, 200, change: 0.0205, threshold: 0.02, drift,
            verdict => verdict == RatioVerdict.Equivalent, runSpread: 0.005), 0, 10);

    /// <summary>Arms of equal modes and shares on a machine that slows down by a per cent from run to run, in blocks.</summary>
    [Theory]
    [InlineData(1.1)]
    [InlineData(1.5)]
    public void Of_200_comparisons_of_equal_mixtures_that_drift_at_most_one_in_twenty_reports_a_difference(double apart)
    {
        Simulated random = new(35);
        int different = 0;
        for (int trial = 0; trial < 200; trial++)
        {
            double[] a = random.Bimodal(12, 0.4, apart), b = random.Bimodal(12, 0.4, apart);
            for (int block = 0; block < a.Length; block++)
            {
                a[block] *= Math.Exp(0.01 * ((2 * block) + (block % 2)));
                b[block] *= Math.Exp(0.01 * ((2 * block) + 1 - (block % 2)));
            }
            Question question = new("p50", RatioEstimate.Paired(a, b));
            if (IsDifference(ComparisonFamily.Compare([question], 0.02)[0].Verdict)) different++;
        }
        Assert.InRange(different, 0, 10);
    }

    [Fact]
    public void What_is_not_slower_is_never_reported_slower() =>
        Assert.Equal(0,
            FamiliesWith(24, 200, change: 0, threshold: 0.02, drift: 0.01, verdict => verdict == RatioVerdict.Slower));

    [Fact]
    public void Steady_equals_are_found_equivalent_and_slower_ones_never()
    {
        Simulated random = new(25);
        int equivalent = 0, wrong = 0;
        for (int family = 0; family < 100; family++)
        {
            equivalent += Compare(random.Blocks(20, 0, runSpread: 0.005),
                0.02).Count(answer => answer.Verdict == RatioVerdict.Equivalent);
            wrong += Compare(random.Blocks(20, 0.03, runSpread: 0.02),
                0.02).Count(answer => answer.Verdict == RatioVerdict.Equivalent);
        }
        Assert.InRange(equivalent, 300, 400);
        Assert.InRange(wrong, 0, 5);
    }

    /// <summary>Shares of the second mode that put the arms' geometric means 2.1 % apart: just no longer equivalent within 2
    /// %.</summary>
    [Theory]
    [InlineData(5, 1.5)]
    [InlineData(7, 1.5)]
    [InlineData(8, 1.1)]
    [InlineData(10, 1.3)]
    [InlineData(14, 1.1)]
    [InlineData(20, 1.1)]
    [InlineData(20, 1.5)]
    public void Of_200_comparisons_of_unequal_mixtures_at_most_one_in_twenty_is_called_equivalent(int runs, double apart)
    {
        Simulated random = new(31);
        double more = Math.Log(1.021) / Math.Log(apart);
        foreach (double weight in (double[])[0.2, 0.4, 0.8 - more])
        {
            int paired = 0, unpaired = 0;
            for (int trial = 0; trial < 200; trial++)
            {
                double[] a = random.Bimodal(runs, weight, apart), b = random.Bimodal(runs, weight + more, apart);
                if (IsEquivalent(RatioEstimate.Paired(a, b))) paired++;
                if (IsEquivalent(RatioEstimate.Unpaired(a, b))) unpaired++;
            }
            Assert.InRange(Math.Max(paired, unpaired), 0, 10);
        }
    }

    [Fact]
    public void Two_arms_that_each_fall_into_two_modes_by_halves_are_not_called_equivalent()
    {
        double[] runs = [.. Enumerable.Range(0, 10).Select(run => run % 2 == 0 ? 100 + (0.02 * run) : 150 + (0.02 * run))];
        Assert.False(IsEquivalent(RatioEstimate.Unpaired(runs, [.. runs.Reverse()])));
        Assert.Equal((5, 5), Modes.In(runs, 0.02) is { } modes ? (modes.LowCount, modes.HighCount) : (0, 0));
    }

    [Fact]
    public void Of_200_comparisons_of_equal_mixtures_at_most_one_in_twenty_reports_a_difference()
    {
        Simulated random = new(32);
        foreach (double apart in (double[])[1.1, 1.5])
        {
            int different = 0;
            for (int trial = 0; trial < 200; trial++)
            {
                RatioEstimate estimate = RatioEstimate.Unpaired(random.Bimodal(12, 0.4, apart), random.Bimodal(12, 0.4, apart));
                if (IsDifference(ComparisonFamily.Compare([new Question("p50", estimate)], 0.02)[0].Verdict)) different++;
            }
            Assert.InRange(different, 0, 10);
        }
    }

    [Fact]
    public void Modes_are_seen_where_there_are_two_and_hardly_ever_where_there_is_one()
    {
        Simulated random = new(33);
        foreach (int runs in (int[])[5, 8, 10, 15, 20])
        {
            int imagined = 0, seen = 0, possible = 0;
            for (int trial = 0; trial < 400; trial++)
            {
                if (Modes.In(random.Runs(runs, 100, 0.05), 0.02) is not null) imagined++;
                double[] mixture = random.Bimodal(runs, 0.5, 1.5);
                if (mixture.Count(value => value > 120) is var high && high >= 2 && runs - high >= 2)
                {
                    possible++;
                    if (Modes.In(mixture, 0.02) is not null) seen++;
                }
            }
            Assert.InRange(imagined, 0, 12);
            Assert.InRange(seen, possible * 9 / 10, possible);
        }
        Assert.Null(Modes.In([100, 100, 100, 100, 100], 0.02));
        Assert.Null(Modes.In([100, 150], 0.02));
    }

    private static bool IsEquivalent(RatioEstimate estimate) =>
        ComparisonFamily.Compare([new Question("p50", estimate)], 0.02)[0].Verdict == RatioVerdict.Equivalent;

    [Fact]
    public void The_interval_shown_carries_the_verdict()
    {
        Simulated random = new(26);
        for (int family = 0; family < 200; family++)
        {
            foreach (Comparison answer in Compare(random.Blocks(12, family % 4 * 0.03, runSpread: 0.02), 0.02))
            {
                Assert.Equal(answer.Verdict == RatioVerdict.Slower, answer.Interval.Low > 1.02 && answer.AdjustedP <= 0.05);
                if (answer.Verdict == RatioVerdict.Equivalent)
                {
                    Assert.True(answer.Interval.Low > 1 / 1.02 && answer.Interval.High < 1.02);
                }
                Assert.Equal(answer.Verdict == RatioVerdict.Inconclusive, answer.MoreBlocks is null or > 0);
            }
        }
    }

    [Fact]
    public void As_many_more_blocks_as_advised_mostly_settle_it()
    {
        Simulated random = new(27);
        int advised = 0, settled = 0;
        for (int trial = 0; trial < 150; trial++)
        {
            Comparison first = Ask(random, 10);
            if (first is not { Verdict: RatioVerdict.Inconclusive, MoreBlocks: { } more }) continue;
            advised++;
            if (Ask(random, 10 + more).Verdict != RatioVerdict.Inconclusive) settled++;
        }
        Assert.InRange(advised, 50, 150);
        Assert.InRange((double)settled / advised, 0.6, 1);

        static Comparison Ask(Simulated random, int blocks) => ComparisonFamily.Compare(
            [new Question("p50", RatioEstimate.Paired(random.Runs(blocks, 100, 0.03), random.Runs(blocks, 105, 0.03)))], 0.02)[0];
    }

    [Fact]
    public void Too_few_blocks_for_any_verdict_are_told_how_many_are_missing()
    {
        Comparison answer = ComparisonFamily.Compare([new Question("p50", RatioEstimate.Paired([1, 1, 1], [2, 2, 2]))], 0.02)[0];
        Assert.Equal((RatioVerdict.Inconclusive, 3), (answer.Verdict, answer.MoreBlocks));
        Assert.Equal((0, double.PositiveInfinity), (answer.Interval.Low, answer.Interval.High));
    }

    [Fact]
    public void Where_higher_is_better_less_is_slower()
    {
        Simulated random = new(28);
        Question rate =
            new("updates", RatioEstimate.Paired(random.Runs(10, 100, 0.01), random.Runs(10, 80, 0.01)), Better.Higher);
        Assert.Equal(RatioVerdict.Slower, ComparisonFamily.Compare([rate], 0.02)[0].Verdict);
        Assert.Equal(RatioVerdict.Faster, ComparisonFamily.Compare([rate with { Better = Better.Lower }], 0.02)[0].Verdict);
        Assert.Empty(ComparisonFamily.Compare([], 0.02));
    }

    [Fact]
    public void Holm_adjusts_as_published()
    {
        // Holm 1979, as in R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
        Assert.Equal([0.03, 0.06, 0.06, 0.02], Holm.Adjust([0.01, 0.04, 0.03, 0.005]).Select(p => Math.Round(p, 12)));
        Assert.Equal([0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4], Holm.Rates([0.01, 0.04, 0.03, 0.005], 0.05));
    }

    [Fact]
    public void Sample_sizes_are_those_of_the_formulas()
    {
        Assert.Equal((200, 1000, 10_000, 100_000), (SampleSizes.ForQuantile(0.5), SampleSizes.ForQuantile(0.9),
            SampleSizes.ForQuantile(0.99), SampleSizes.ForQuantile(0.999)));
        Assert.False(SampleSizes.Supports(9_999, 0.99));
        Assert.Equal((6, 4, 8), (SampleSizes.FewestRuns(0.05, isPaired: true), SampleSizes.FewestRuns(0.05, isPaired: false),
            SampleSizes.FewestRuns(0.0125, isPaired: true)));
        Assert.Equal(0.065, SampleSizes.DetectableChange(10, 0.03, 0.02), 0.002);
        int runs = SampleSizes.RunsForChange(0.05, 0.03, 0.02);
        Assert.InRange(SampleSizes.DetectableChange(runs, 0.03, 0.02), 0.045, 0.05);
    }
}
