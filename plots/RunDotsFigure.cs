using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Plots;

/// <summary>Every run as two dots, in the order they were measured: its middle and its tail. Drift, a run that had a bad moment,
/// and whether the arms took turns show here.</summary>
public static class RunDotsFigure
{
    public static Plot Draw(ArmComparison comparison, Scene scene, string metric)
    {
        List<(ArmRuns Arm, ArmRun Run, SummaryRow Row)> dots =
        [
            .. comparison.Arms.SelectMany(arm => arm.Of(scene, metric).Select(one => (Arm: arm, Run: one.Key, Row: one.Value)))
                .OrderBy(one => one.Run.Record.Manifest.StartedUtc).ThenBy(one => one.Run.Repetition),
        ];
        (string tail, Func<SummaryRow, double> of) = Tail(dots.Select(one => one.Row.Count).DefaultIfEmpty().Min());
        Plot plot = new()
        {
            Title = $"{metric}: p50 and {tail} of every run, {scene}",
            Subtitle = $"in order of measurement · filled: p50 · open: {tail}",
            Description = $"For each run in order of measurement, the median and the {tail} of {metric} under {scene}, the arms "
                + "told apart by colour and shape. The vertical axis is logarithmic.",
            Height = 380,
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Left.Unit = "ns";
        plot.Bottom.Scale = Scale.Whole;
        plot.Bottom.Label = "run";
        plot.Bottom.Includes = [0.5, dots.Count + 0.5];

        ArmLooks looks = new(comparison.Arms);
        foreach (ArmRuns arm in comparison.Arms)
        {
            List<(int Number, SummaryRow Row)> own =
                [.. dots.Index().Where(one => ReferenceEquals(one.Item.Arm, arm)).Select(one => (one.Index + 1, one.Item.Row))];
            foreach ((string name, Func<SummaryRow, double> value, bool isOpen) in ((string, Func<SummaryRow, double>, bool)[])[
                ("p50", row => row.P50, false), (tail, of, true)])
            {
                double[] numbers = [.. own.Select(one => (double)one.Number)], values = [.. own.Select(one => value(one.Row))];
                Look look = looks.Of(arm) with { Name = $"{arm.Label} {name}", Pattern = LinePattern.Solid };
                plot.Series(numbers, values, look with { LineWidth = 1, Opacity = 0.35, IsListed = false });
                plot.Series(numbers, values, look with { LineWidth = 0, MarkerSize = 9, IsOpen = isOpen },
                    at => $"{arm.Label}, run {numbers[at]}: {name} {Quantity.Format(values[at], "ns")}");
            }
        }

        return plot;
    }

    /// <summary>The p99, or the p99.9 where it can be compared, or the p90 where fewer than ten samples of a run lie beyond the
    /// p99.</summary>
    private static (string Name, Func<SummaryRow, double> Of) Tail(long fewest) =>
        SampleSizes.Supports(fewest, 0.999) ? ("p99.9", row => row.P999)
        : Quantiles.IsShown(fewest, 0.99) ? ("p99", row => row.P99)
        : ("p90", row => row.P90);
}
