using Lab.Results;

namespace Lab.Plots;

/// <summary>Where the time of a memslot update goes: its phases' means, stacked, one bar per strategy.</summary>
public static class UpdatePhasesFigure
{
    /// <summary>What follows the operation's name in the metrics of its phases.</summary>
    internal const string Phase = ".phase.";

    /// <param name="operation">Metric of the whole whose phases are drawn.</param>
    public static Plot Draw(RunRecord run, Scene scene, string operation = "update")
    {
        IReadOnlyList<string> strategies = run.StrategiesIn(scene);
        List<string> phases =
            [.. run.MetricsIn(scene).Where(metric => metric.StartsWith(operation + Phase, StringComparison.Ordinal))];
        Plot plot = new()
        {
            Title = $"{operation}: mean time by phase, {scene}",
            Subtitle = $"mean per {operation} over {StrategyLooks.RepetitionsOf(run, scene)} · shorter is better",
            Description = $"For each strategy, the mean duration of each phase of one {operation}, stacked, under {scene}. "
                + "The number at the end of a bar is the sum of its phases.",
            Height = 120 + (36 * Math.Max(strategies.Count, 2)),
        };
        StrategyLooks looks = new(run);
        plot.Left.SetTicks(strategies.Select(looks.NameOf));
        plot.Bottom.Label = $"mean time per {operation}";
        plot.Bottom.Unit = "ns";

        double[] ends = new double[strategies.Count];
        foreach ((int index, string phase) in phases.Index())
        {
            string name = phase[(operation.Length + Phase.Length)..].Replace('_', ' ');
            List<Bar> bars = [];
            foreach ((int row, string strategy) in strategies.Index())
            {
                if (MeanPerOperation(run, strategy, scene, operation, phase) is not { } mean) continue;
                bool isLast = !phases.Skip(index + 1).Any(later => run.Pool(strategy, scene, later) is not null);
                bars.Add(new Bar(row, ends[row], ends[row] + mean, 0.62, $"{strategy}, {name}: {Quantity.Format(mean, "ns")}")
                    { Label = isLast ? Quantity.Format(ends[row] + mean, "ns") : "" });
                ends[row] += mean;
            }

            plot.Bars(bars, Tone.Series(index), name);
        }

        return plot;
    }

    /// <summary>A phase that only some operations go through counts for as much of each as falls to it on average.</summary>
    private static double? MeanPerOperation(RunRecord run, string strategy, Scene scene, string operation, string phase)
    {
        if (run.Pool(strategy, scene, phase) is not { } part) return null;
        long operations = run.Pool(strategy, scene, operation)?.Count ?? part.Count;
        double mean = part.Mean * part.Count / operations;
        return double.IsFinite(mean) ? mean : null;
    }
}
