using Lab.Results;

namespace Lab.Plots;

/// <summary>Latency by percentile, one line per strategy, all repetitions merged. The x axis stretches the tail, 1/(1-p): each
/// further nine takes as much room as the last, because the tail is what a guest notices.</summary>
public static class LatencyByPercentileFigure
{
    public static Plot Draw(RunRecord run, Scene scene, string metric)
    {
        Plot plot = new()
        {
            Title = $"{metric}: latency by percentile, {scene}",
            Subtitle = $"{StrategyLooks.RepetitionsOf(run, scene)} · lower is better · dotted: fewer than {Quantiles.BeyondMin} "
                + "samples lie beyond",
            Description = $"For each strategy, the latency of {metric} that a given share of operations does not exceed, "
                + $"under {scene}. Both axes are logarithmic; the horizontal one in the share that exceeds it.",
            Height = StrategyLooks.HeightFor(run.StrategiesIn(scene).Count),
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Bottom.Scale = Scale.Percentile;
        plot.Bottom.Label = "percentile of operations";

        StrategyLooks looks = new(run);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            IReadOnlyList<SpectrumPoint> spectrum = Quantiles.Spectrum(run.MergedHistogram(strategy, scene, metric));
            if (spectrum.Count == 0) continue;
            plot.Left.Unit = run.Pool(strategy, scene, metric)?.Unit ?? "ns";
            AddSpectrum(plot, spectrum, looks.Of(strategy));
        }

        return plot;
    }

    /// <summary>A line that is dotted from where too few samples lie beyond.</summary>
    internal static void AddSpectrum(Plot plot, IReadOnlyList<SpectrumPoint> spectrum, Look look)
    {
        (IReadOnlyList<SpectrumPoint> certain, IReadOnlyList<SpectrumPoint> rest) = SpectrumPoint.Cut(spectrum);
        foreach ((IReadOnlyList<SpectrumPoint> points, Look part) in ((IReadOnlyList<SpectrumPoint>, Look)[])[
            (certain, look), (rest, look with { Pattern = LinePattern.Dotted, IsListed = false })])
        {
            plot.Series([.. points.Select(point => point.InverseTail)], [.. points.Select(point => point.Value)], part);
        }
    }
}
