using Lab.Results;

namespace Lab.Plots;

/// <summary>
/// Latency over the measured window: a line for the middle, dots for the worst of each interval. Warm-up that was too short,
/// drift and lone disturbances show here and nowhere else.
/// </summary>
public static class LatencyOverTimeFigure
{
    public static Plot Draw(RunRecord run, Scene scene, string metric)
    {
        var plot = new Plot
        {
            Title = $"{metric}: latency over time, {scene}",
            Subtitle = $"line: p50 of each interval (median of {StrategyLooks.RepetitionsOf(run, scene)}) · dots: largest sample of the interval in any run",
            Description = $"For each strategy, the median latency of {metric} in each interval of the measured window and the "
                + $"largest one, under {scene}. The vertical axis is logarithmic.",
            Height = StrategyLooks.HeightFor(run.StrategiesIn(scene).Count),
        };
        plot.Axes.Left.Scale = Scale.Log10;
        plot.Axes.Left.Label = "latency";
        plot.Axes.Bottom.Label = "time since the measured window opened";
        plot.Axes.Bottom.Unit = "s";

        var looks = new StrategyLooks(run);
        foreach (var strategy in run.StrategiesIn(scene))
        {
            List<TimelineRow> rows = [.. run.Timeline.Where(row => row.Scene == scene && row.Strategy == strategy && row.Metric == metric)];
            var intervals = IntervalAcrossRuns.Of(rows);
            if (intervals.Count == 0)
                continue;
            plot.Axes.Left.Unit = rows[0].Unit;
            plot.Axes.Bottom.Includes = [.. plot.Axes.Bottom.Includes, 0, (intervals[^1].StartMs + intervals[^1].LengthMs) / 1000];
            double[] middles = [.. intervals.Select(interval => (interval.StartMs + (interval.LengthMs / 2)) / 1000)];

            var worst = plot.Add.Scatter(middles, [.. intervals.Select(interval => interval.Max)]);
            (worst.LineWidth, worst.MarkerSize, worst.Opacity) = (0, 4.5, 0.55);
            worst.Tone = looks.ToneOf(strategy);

            var line = plot.Add.Scatter(middles, [.. intervals.Select(interval => interval.MedianP50)]);
            line.Tone = looks.ToneOf(strategy);
            line.LinePattern = looks.PatternOf(strategy);
            line.LegendText = looks.NameOf(strategy);
        }

        return plot;
    }
}
