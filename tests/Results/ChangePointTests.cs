using Lab.Results.Tracking;
using MathNet.Numerics.Distributions;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>The detector against series whose changes are known. Its settings were chosen on other seeds.</summary>
public sealed class ChangePointTests(ITestOutputHelper output)
{
    private const int Length = 200;
    private const int Step = 100;
    private const int Near = 8;

    /// <summary>Noise: correlation with the next point, and whether it is lognormal.</summary>
    public static TheoryData<double, bool> Noises => new()
    {
        { 0, false }, { 0.3, false }, { 0.6, false }, { 0, true }, { 0.3, true }, { 0.6, true },
    };

    [Theory]
    [MemberData(nameof(Noises))]
    public void A_quiet_history_has_at_most_one_false_point_in_ten_thousand(double rho, bool isLognormal)
    {
        const int histories = 500;
        Simulated random = new(101);
        int found =
            Enumerable.Range(0, histories).Sum(_ => ChangePointDetector.Find(random.Series(Length, rho, isLognormal)).Count);
        double perThousand = 1000.0 * found / (histories * Length);
        output.WriteLine($"ρ {rho}, {(isLognormal ? "lognormal" : "normal")}: {perThousand:0.000} false points per 1,000");
        Assert.InRange(perThousand, 0, 0.1);
    }

    [Fact]
    public void Five_percent_up_at_two_percent_spread_is_found_where_it_is()
    {
        const int histories = 50;
        Simulated random = new(102);
        int all = 0;
        foreach ((double rho, bool isLognormal) in Noises.Select(noise => noise.Data))
        {
            int found = Enumerable.Range(0, histories).Count(_ => HasStep(random.Series(Length, rho, isLognormal, step: Step)));
            output.WriteLine($"ρ {rho}, {(isLognormal ? "lognormal" : "normal")}: {100.0 * found / histories:0.0} % of steps "
                + $"found within {Near} points");
            all += found;
        }
        Assert.InRange((double)all / (6 * histories), 0.97, 1);
    }

    /// <summary>Of independent points; of dependent ones below, beside what anybody could see of them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_is_found_before_eight_more_points_have_come(bool isLognormal)
    {
        const int histories = 200;
        Simulated random = new(103);
        int found = 0;
        for (int history = 0; history < histories; history++)
        {
            double[] series = random.Series(Length, 0, isLognormal, step: Step);
            if (Enumerable.Range(1, Near).Any(after => HasStep(series[..(Step + after)]))) found++;
        }
        output.WriteLine(
            $"{(isLognormal ? "lognormal" : "normal")}: {100.0 * found / histories:0.0} % within {Near} points after the step");
        Assert.InRange((double)found / histories, 0.97, 1);
    }

    /// <summary>Each noise by itself, and the best that can be done beside it. At ρ = 0.6 even who knows ρ, finds the split of
    /// least whitened squares and cannot be wrong about there being one places 2.5 of 100 farther away, so that 0.97 of few
    /// histories is chance there.</summary>
    [Theory]
    [MemberData(nameof(Noises))]
    public void A_step_in_dependent_noise_is_located_about_as_well_as_by_an_oracle(double rho, bool isLognormal)
    {
        const int histories = 400;
        Simulated random = new(108);
        int found = 0, byOracle = 0;
        for (int history = 0; history < histories; history++)
        {
            double[] series = random.Series(Length, rho, isLognormal, step: Step);
            if (HasStep(series)) found++;
            if (Math.Abs(LeastInnovations(Whitenable(series, isLognormal), rho) - Step) <= Near) byOracle++;
        }
        output.WriteLine($"ρ {rho}, {(isLognormal ? "lognormal" : "normal")}: {100.0 * found / histories:0.0} % within {Near} "
            + $"points, {100.0 * byOracle / histories:0.0} % by the oracle");
        Assert.InRange((double)found / histories, rho < 0.5 ? 0.97 : 0.95, 1);
    }

    /// <summary>What 97 in 100 is for independent points, nobody reaches for dependent ones: an oracle that knows level, spread,
    /// ρ and the step's time and tests the eight points' innovations at a two-sided 1e-4 sees 95 of 100 at ρ = 0.3 and 74 at 0.6;
    /// eight points of such noise are worth three. The detector has to estimate all four and comes within about ten of
    /// it.</summary>
    [Theory]
    [InlineData(0, false, 0.97)]
    [InlineData(0, true, 0.97)]
    [InlineData(0.3, false, 0.83)]
    [InlineData(0.3, true, 0.83)]
    [InlineData(0.6, false, 0.58)]
    [InlineData(0.6, true, 0.58)]
    public void An_alarm_within_eight_points_comes_about_as_often_as_an_oracle_would_raise_it(
        double rho, bool isLognormal, double least)
    {
        const int histories = 400;
        const double oraclePMax = 1e-4;
        Simulated random = new(109);
        double limit = -Normal.InvCDF(0, 1, oraclePMax / 2), size = isLognormal ? Math.Log(1.05) : 0.05;
        int found = 0, byOracle = 0;
        List<int> delays = [];
        for (int history = 0; history < histories; history++)
        {
            double[] series = random.Series(Length, rho, isLognormal, step: Step);
            int delay = Enumerable.Range(1, Length - Step).FirstOrDefault(after => HasStep(series[..(Step + after)]), Length);
            delays.Add(delay);
            if (delay <= Near) found++;
            if (Math.Abs(Deflection(Whitenable(series, isLognormal), rho)) > limit) byOracle++;
        }
        delays.Sort();
        double deflection = size / (0.02 * Math.Sqrt(1 - rho * rho)) * Math.Sqrt(1 + (Near - 1) * (1 - rho) * (1 - rho));
        output.WriteLine($"ρ {rho}, {(isLognormal ? "lognormal" : "normal")}: {100.0 * found / histories:0.0} % within {Near} "
            + $"points after the step, median {delays[histories / 2]}; "
            + $"an oracle {100.0 * byOracle / histories:0.0} %, by the formula "
                + $"{100 * Normal.CDF(0, 1, deflection - limit):0.0} %");
        Assert.InRange((double)found / histories, least, 1);
        Assert.InRange((double)byOracle / histories, Normal.CDF(0, 1, deflection - limit) - 0.07, 1);
    }

    /// <summary>About 0 before the step; the logarithm makes lognormal noise normal.</summary>
    private static double[] Whitenable(double[] series, bool isLognormal) =>
        [.. series.Select(value => isLognormal ? Math.Log(value / 1000) : (value / 1000) - 1)];

    /// <summary>The oracle's statistic: standard normal in a quiet series, for it knows level, spread, ρ and where to
    /// look.</summary>
    private static double Deflection(double[] noise, double rho)
    {
        double sum = noise[Step] - rho * noise[Step - 1], information = 1;
        for (int index = Step + 1; index < Step + Near; index++)
        {
            sum += (1 - rho) * (noise[index] - rho * noise[index - 1]);
            information += (1 - rho) * (1 - rho);
        }
        return sum / (0.02 * Math.Sqrt((1 - rho * rho) * information));
    }

    /// <summary>The split with the least squares of innovations, both levels fitted to each: written out, unlike the
    /// detector's.</summary>
    private static int LeastInnovations(double[] noise, double rho)
    {
        int best = 0;
        double least = double.PositiveInfinity;
        for (int split = 4; split <= noise.Length - 4; split++)
        {
            // Normal equations of two levels, x and the jump to y at the split: regressors whitened as the noise is.
            double xx = 1 - rho * rho, xy = 0, yy = 0, xn = (1 - rho * rho) * noise[0], yn = 0;
            double nn = (1 - rho * rho) * noise[0] * noise[0];
            for (int index = 1; index < noise.Length; index++)
            {
                double x = (index < split ? 1 : 0) - (index - 1 < split ? rho : 0);
                double y = (index >= split ? 1 : 0) - (index - 1 >= split ? rho : 0);
                double innovation = noise[index] - rho * noise[index - 1];
                (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
                (xn, yn, nn) = (xn + x * innovation, yn + y * innovation, nn + innovation * innovation);
            }
            double determinant = xx * yy - xy * xy;
            double a = (xn * yy - yn * xy) / determinant, b = (yn * xx - xn * xy) / determinant;
            double squares = nn - a * xn - b * yn;
            if (squares < least) (least, best) = (squares, split);
        }
        return best;
    }

    private static bool HasStep(double[] series) =>
        ChangePointDetector.Find(series).Any(change => Math.Abs(change.Index - Step) <= Near);

    [Fact]
    public void A_change_says_from_where_to_where()
    {
        double[] series = [.. Enumerable.Range(0, 40).Select(index => (index < 20 ? 100.0 : 110) + index % 3)];
        ChangePoint change = Assert.Single(ChangePointDetector.Find(series));
        Assert.Equal((20, 101, 111), (change.Index, change.Before, change.After));
        Assert.Equal(10 / 101.0, change.Change, 12);
    }

    [Fact]
    public void A_single_spike_is_no_change()
    {
        double[] series = new Simulated(104).Series(Length, 0, isLognormal: false);
        series[100] *= 3;
        series[150] /= 2;
        Assert.Empty(ChangePointDetector.Find(series));
    }

    [Fact]
    public void Two_spikes_among_the_newest_points_are_no_change()
    {
        for (int apart = 1; apart <= 3; apart++)
        {
            double[] series = new Simulated(104).Series(Length, 0, isLognormal: false);
            series[^1] *= 1.5;
            series[^(1 + apart)] *= 1.5;
            Assert.Empty(ChangePointDetector.Find(series));
        }
    }

    [Fact]
    public void A_rarer_mode_four_times_in_a_row_is_no_change()
    {
        double[] series = new Simulated(110).Series(Length, 0, isLognormal: false, spread: 0.01);
        for (int index = 4; index < Length - 8; index += 8) series[index] *= 1.06;
        for (int index = Length - 4; index < Length; index++) series[index] *= 1.06;
        Assert.Empty(ChangePointDetector.Find(series));
    }

    [Fact]
    public void Up_and_down_again_are_two_changes()
    {
        double[] series = new Simulated(105).Series(Length, 0, isLognormal: false, step: 80, change: 0.1);
        for (int index = 140; index < Length; index++) series[index] /= 1.1;
        Assert.Equal([80.0, 140.0], ChangePointDetector.Find(series).Select(change => Math.Round(change.Index / 5.0) * 5));
    }

    [Fact]
    public void What_is_smaller_than_the_minimum_effect_is_no_change()
    {
        double[] series = new Simulated(106).Series(Length, 0, isLognormal: false, spread: 0.002, step: Step, change: 0.02);
        Assert.Empty(ChangePointDetector.Find(series));
        Assert.Single(ChangePointDetector.Find(series, new DetectorSettings { MinimumEffect = 0.01 }));
    }

    [Fact]
    public void Short_and_constant_series_have_no_changes()
    {
        for (int length = 0; length < 12; length++)
        {
            Assert.Empty(ChangePointDetector.Find([.. Enumerable.Repeat(5.0, length)]));
            Assert.Empty(ChangePointDetector.Find([.. Enumerable.Range(0, length).Select(index => (double)index)]));
        }
        Assert.Throws<ArgumentException>(() => ChangePointDetector.Find([1, double.NaN]));
    }

    [Fact]
    public void What_was_found_exactly_scores_one_and_nothing_found_little()
    {
        Assert.Equal(new ChangePointScore(1, 1, 1, 1), ChangePointScore.Of([50], [[50], [50]], 100));
        ChangePointScore none = ChangePointScore.Of([], [[50]], 100);
        Assert.Equal(new ChangePointScore(1, 0.5, 2 / 3.0, 0.5), none);
    }

    [Fact]
    public void Annotators_who_disagree_are_averaged_and_a_mark_is_matched_once()
    {
        // One annotator saw a change at 30, the other none; found within the margin, and a second time beside it.
        ChangePointScore score = ChangePointScore.Of([28, 33], [[30], []], 100);
        Assert.Equal(2 / 3.0, score.Precision, 12);
        Assert.Equal(1, score.Recall, 12);
        // Segments [0, 30) and [30, 100) against [0, 28), [28, 33), [33, 100); then [0, 100) against the same.
        Assert.Equal((0.3 * 28 / 30 + 0.7 * 67 / 70 + 67 / 100.0) / 2, score.Covering, 12);
    }

    [Fact]
    public void The_detector_scores_well_on_series_of_the_kind_that_people_annotate()
    {
        Simulated random = new(107);
        double f1 = 0, covering = 0, f1OfNothing = 0;
        const int count = 12;
        for (int series = 0; series < count; series++)
        {
            int[] marks = series % 4 == 0 ? [] : [60 + series, 130 - series];
            double[] values = random.Series(Length, 0.3 * (series % 2), isLognormal: true);
            for (int index = 0; index < Length; index++) values[index] *= 1 + 0.1 * marks.Count(mark => index >= mark);
            ChangePointScore score =
                ChangePointScore.Of([.. ChangePointDetector.Find(values).Select(change => change.Index)], [marks, marks], Length);
            (f1, covering) = (f1 + score.F1 / count, covering + score.Covering / count);
            f1OfNothing += ChangePointScore.Of([], [marks], Length).F1 / count;
        }
        output.WriteLine($"F1 {f1:0.000} (of finding nothing {f1OfNothing:0.000}), covering {covering:0.000}");
        Assert.InRange(f1, 0.95, 1);
        Assert.InRange(covering, 0.95, 1);
    }
}
