using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Plots;

/// <summary>Latency by percentile of all arms, each with a band from the lowest to the highest of its runs: where bands lie
/// apart, every run of one arm was above every run of the other.</summary>
public static class ArmPercentilesFigure
{
    public static Plot Draw(ArmComparison comparison, ComparedDistributions distributions, Scene scene, string metric)
    {
        Plot plot = new()
        {
            Title = $"{metric}: latency by percentile, {scene}",
            Subtitle = $"{ArmLooks.RunsOf(comparison.Arms)}, pooled · band: lowest to highest run · lower is better · dotted: "
                + $"fewer than {Quantiles.BeyondMin} samples lie beyond",
            Description = $"For each arm, the latency of {metric} that a given share of operations does not exceed, under "
                + $"{scene}, all runs pooled, and the "
                + "range of single runs. Both axes are logarithmic; the horizontal one in the share that exceeds it.",
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Left.Unit = "ns";
        plot.Bottom.Scale = Scale.Percentile;
        plot.Bottom.Label = "percentile of operations";

        ArmLooks looks = new(comparison.Arms);
        foreach (ArmRuns arm in comparison.Arms)
        {
            List<IReadOnlyList<Bucket>> runs =
                [.. arm.Runs.Select(run => distributions.HistogramOf(arm, run, scene, metric))
                    .Where(histogram => histogram.Count > 0)];
            IReadOnlyList<SpectrumPoint> spectrum = Quantiles.Spectrum(Buckets.Merge(runs.SelectMany(run => run)));
            if (spectrum.Count == 0) continue;
            if (runs.Count > 1) AddBand(plot, [.. runs.Select(run => Quantiles.Spectrum(run))], looks.Of(arm).Tone);
            LatencyByPercentileFigure.AddSpectrum(plot, spectrum, looks.Of(arm));
        }

        return plot;
    }

    /// <summary>As far as every run has the samples; the points of all spectra stand at the same places up to the shortest one's
    /// end.</summary>
    private static void AddBand(Plot plot, List<IReadOnlyList<SpectrumPoint>> runs, Tone tone)
    {
        double end = runs.Min(run => run[^1].InverseTail) / Quantiles.BeyondMin;
        int length = runs.Min(run => run.TakeWhile(point => point.InverseTail <= end).Count());
        plot.Band(
            [.. runs[0].Take(length).Select(point => point.InverseTail)],
            [.. Enumerable.Range(0, length).Select(at => runs.Min(run => run[at].Value))],
            [.. Enumerable.Range(0, length).Select(at => runs.Max(run => run[at].Value))], tone);
    }
}
