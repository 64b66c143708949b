using Lab.Results;

namespace Lab.Plots;

/// <summary>Latency over the measured window: a line for the middle, dots for the worst of each interval. Warm-up that was too
/// short, drift and lone disturbances show here and nowhere else.</summary>
public static class LatencyOverTimeFigure
{
    public static Plot Draw(RunRecord run, Scene scene, string metric)
    {
        Plot plot = new()
        {
            Title = $"{metric}: latency over time, {scene}",
            Subtitle = $"line: p50 of each interval (median of {StrategyLooks.RepetitionsOf(run, scene)}) · dots: largest sample "
                + "of the interval in any run",
            Description = $"For each strategy, the median latency of {metric} in each interval of the measured window and the "
                + $"largest one, under {scene}. The vertical axis is logarithmic.",
            Height = StrategyLooks.HeightFor(run.StrategiesIn(scene).Count),
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Bottom.Label = "time since the measured window opened";
        plot.Bottom.Unit = "s";

        AddDisturbances(plot, run, scene);
        StrategyLooks looks = new(run);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            List<TimelineRow> rows =
                [.. run.Timeline.Where(row => row.Scene == scene && row.Strategy == strategy && row.Metric == metric)];
            IReadOnlyList<IntervalAcrossRuns> intervals = IntervalAcrossRuns.Of(rows);
            if (intervals.Count == 0) continue;
            plot.Left.Unit = rows[0].Unit;
            plot.Bottom.Includes =
                [.. plot.Bottom.Includes, 0, (intervals[^1].StartMs + intervals[^1].LengthMs) / 1000];
            double[] middles = [.. intervals.Select(interval => (interval.StartMs + (interval.LengthMs / 2)) / 1000)];

            Look look = looks.Of(strategy);
            plot.Series(middles, [.. intervals.Select(interval => interval.Max)],
                look with { LineWidth = 0, MarkerSize = 4.5f, Opacity = 0.55, IsListed = false });
            plot.Series(middles, [.. intervals.Select(interval => interval.MedianP50)], look);
        }

        return plot;
    }

    /// <summary>A row of ticks per kind, those that took longest on top. Colours from the other end than the strategies', so that
    /// few of each do not meet.</summary>
    private static void AddDisturbances(Plot plot, RunRecord run, Scene scene)
    {
        List<IGrouping<string, DisturbanceRow>> kinds = run.Disturbances.Where(row => row.Scene == scene && row.Located)
            .GroupBy(row => row.Kind).OrderByDescending(same => same.Sum(row => row.LengthMs)).ToList();
        foreach ((int index, IGrouping<string, DisturbanceRow> kind) in kinds.Index())
        {
            plot.Strip([.. kind.Select(row => (row.StartMs / 1000, (row.StartMs + row.LengthMs) / 1000))],
                Tone.Series(Tone.SeriesCount - 1 - (index % Tone.SeriesCount)), kind.Key);
        }

        if (kinds.Count > 0) plot.Subtitle += " · ticks on the top edge: what disturbed any of the runs, a row per kind";
        plot.Height += 20 * kinds.Count;
    }
}
