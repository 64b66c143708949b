using System.Globalization;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Plots;

/// <summary>The shift function: each arm's quantiles over the first arm's, with a band that holds at all of them at once. A
/// change of the middle, of the tail, or of the slow share alone has a shape of its own here.</summary>
public static class ShiftFigure
{
    /// <summary>Drawn where every run has the samples for it; deciles always.</summary>
    private static readonly double[] Tails = [0.95, 0.99, 0.999, 0.9999];

    /// <summary>From here on the band is about as wide as it says.</summary>
    private const int EnoughBlocks = 10;

    public static Plot Draw(ArmComparison comparison, ComparedDistributions distributions, Scene scene, string metric)
    {
        ArmRuns first = comparison.Arms[0];
        Plot plot = new()
        {
            Title = $"{metric}: shift against {first.Label}, {scene}",
            Description = $"For each arm, its quantiles of {metric} divided by those of {first.Label}, under {scene}, at the "
                + "deciles and in the tail. Above 1 is slower. "
                + "The grey band is the threshold within which a difference does not matter.",
            Height = 380,
        };
        plot.Left.Scale = Scale.Ratio;
        plot.Left.Label = $"ratio to {first.Label}";
        plot.Bottom.Scale = Scale.Percentile;
        plot.Bottom.Label = "percentile of operations";
        plot.Left.Includes = [1 / (1 + (2 * comparison.Threshold)), 1 + (2 * comparison.Threshold)];

        ArmLooks looks = new(comparison.Arms);
        List<(ArmRuns Arm, IReadOnlyList<ShiftPoint> Points, int Blocks)> shifts =
            [.. comparison.Arms.Skip(1).Select(arm => Shift(first, arm, distributions, scene, metric))
                .OfType<(ArmRuns, IReadOnlyList<ShiftPoint>, int)>()];
        if (shifts.Count == 0) return plot;
        AddThreshold(plot, comparison.Threshold,
            shifts.SelectMany(shift => shift.Points).Max(point => InverseTail(point.Quantile)));
        foreach ((ArmRuns arm, IReadOnlyList<ShiftPoint> points, int blocks) in shifts)
        {
            double[] at = [.. points.Select(point => InverseTail(point.Quantile))];
            if (blocks > 1)
            {
                plot.Band(at, [.. points.Select(point => point.Low)], [.. points.Select(point => point.High)],
                    looks.Of(arm).Tone);
            }
            plot.Series(at, [.. points.Select(point => point.Change)], looks.Of(arm) with { MarkerSize = 7 });
        }

        plot.Subtitle = Subtitle(shifts.Min(shift => shift.Blocks), comparison.Threshold);
        return plot;
    }

    /// <summary>Null where there is nothing to divide. Blocks are 0 where runs were measured apart, which have no band.</summary>
    private static (ArmRuns, IReadOnlyList<ShiftPoint>, int)? Shift(
        ArmRuns a, ArmRuns b, ComparedDistributions distributions, Scene scene, string metric)
    {
        (List<(int Block, IReadOnlyList<Bucket> Buckets)> runsA, List<(int Block, IReadOnlyList<Bucket> Buckets)> runsB) =
            (Histograms(a), Histograms(b));
        if (runsA.Count == 0 || runsB.Count == 0) return null;
        long fewest = runsA.Concat(runsB).Min(run => Quantiles.Count(run.Buckets));
        double[] quantiles = [.. ShiftFunction.Deciles, .. Tails.Where(p => SampleSizes.Supports(fewest, p))];
        if (runsA.Concat(runsB).Any(run => run.Block == 0))
        {
            (IReadOnlyList<Bucket> allA, IReadOnlyList<Bucket> allB) =
                (Buckets.Merge(runsA.SelectMany(run => run.Buckets)), Buckets.Merge(runsB.SelectMany(run => run.Buckets)));
            return (b, ShiftFunction.AcrossRuns([allA], [allB], quantiles, seed: 1, draws: 1), 0);
        }

        (IReadOnlyList<Bucket> A, IReadOnlyList<Bucket> B)[] both =
            [.. runsA.Join(runsB, run => run.Block, run => run.Block, (one, other) => (one.Buckets, other.Buckets))];
        return both.Length == 0 ? null : (b, ShiftFunction.AcrossRuns([.. both.Select(pair => pair.A)],
            [.. both.Select(pair => pair.B)], quantiles, seed: 1), both.Length);

        List<(int Block, IReadOnlyList<Bucket> Buckets)> Histograms(ArmRuns arm) =>
            [.. arm.Runs.Select(run => (run.Block, distributions.HistogramOf(arm, run, scene, metric)))
                .Where(run => run.Item2.Count > 0)];
    }

    private static void AddThreshold(Plot plot, double threshold, double end)
    {
        double[] across = [1, Math.Max(end, 10)];
        plot.Band(across, [1 / (1 + threshold), 1 / (1 + threshold)], [1 + threshold, 1 + threshold], Tone.Muted,
            string.Create(CultureInfo.InvariantCulture, $"±{100 * threshold:0.##} %"), opacity: 0.25);
        plot.Series(across, [1, 1], new Look(Tone.Muted, "no change") { LineWidth = 1, IsListed = false });
    }

    private static string Subtitle(int blocks, double threshold) =>
        string.Create(CultureInfo.InvariantCulture, $"above 1× is slower · grey: ±{100 * threshold:0.##} % does not matter · ")
        + blocks switch
        {
            0 => "measured apart, so there is no band",
            1 => "one block, so there is no band",
            < EnoughBlocks => string.Create(CultureInfo.InvariantCulture, $"band: 95 %, too narrow with only {blocks} blocks"),
            _ => string.Create(CultureInfo.InvariantCulture, $"band: 95 % for all quantiles at once, {blocks} blocks"),
        };

    private static double InverseTail(double quantile) => 1 / (1 - quantile);
}
