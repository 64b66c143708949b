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
        plot.Axes.Left.Scale = Scale.Log10;
        plot.Axes.Left.Label = "latency";
        plot.Axes.Bottom.Scale = Scale.Percentile;
        plot.Axes.Bottom.Label = "percentile of operations";

        StrategyLooks looks = new(run);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            IReadOnlyList<SpectrumPoint> spectrum = Quantiles.Spectrum(run.MergedHistogram(strategy, scene, metric));
            if (spectrum.Count == 0) continue;
            plot.Axes.Left.Unit = run.Pool(strategy, scene, metric)?.Unit ?? "ns";
            (IReadOnlyList<SpectrumPoint> certain, IReadOnlyList<SpectrumPoint> rest) = SpectrumPoint.Cut(spectrum);
            Scatter line = Add(plot, certain, looks, strategy);
            line.LegendText = looks.NameOf(strategy);
            Scatter tail = Add(plot, rest, looks, strategy);
            tail.LinePattern = LinePattern.Dotted;
        }

        return plot;
    }

    private static Scatter Add(Plot plot, IReadOnlyList<SpectrumPoint> points, StrategyLooks looks, string strategy)
    {
        Scatter scatter = plot.Add.Scatter([.. points.Select(p => p.InverseTail)], [.. points.Select(p => p.Value)]);
        scatter.Tone = looks.ToneOf(strategy);
        scatter.LinePattern = looks.PatternOf(strategy);
        return scatter;
    }
}
