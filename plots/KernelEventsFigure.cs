using Lab.Results;

namespace Lab.Plots;

/// <summary>How often a tracepoint of the kernel has fired since the measured window opened, a line per strategy. Summed up,
/// because single events in short intervals would draw a comb: the slope is the rate, a flat stretch a standstill.</summary>
public static class KernelEventsFigure
{
    /// <summary>Tracepoints of a scene, those that fired least first: they are the ones that start something.</summary>
    public static IReadOnlyList<string> EventsIn(RunRecord run, Scene scene) =>
    [
        .. run.KernelEvents.Where(row => row.Scene == scene)
            .GroupBy(row => row.Event)
            .OrderBy(same => same.Sum(row => row.Count))
            .ThenBy(same => same.Key, StringComparer.Ordinal)
            .Select(same => same.Key),
    ];

    public static Plot Draw(RunRecord run, Scene scene, string tracepoint)
    {
        string repetitions = StrategyLooks.RepetitionsOf(run, scene);
        Plot plot = new()
        {
            Title = $"{tracepoint}: events since the window opened, {scene}",
            Subtitle = $"{(repetitions == "1 run" ? repetitions : $"mean of {repetitions}")} · steeper is more often, "
                + "flat is never",
            Description = $"For each strategy, how often the kernel's tracepoint {tracepoint} had fired at each moment of the "
                + $"measured window, under {scene}.",
            Height = StrategyLooks.HeightFor(run.StrategiesIn(scene).Count),
        };
        plot.Left.Label = "events";
        plot.Left.Unit = "";
        plot.Left.Includes = [0];
        plot.Bottom.Label = "time since the measured window opened";
        plot.Bottom.Unit = "s";

        StrategyLooks looks = new(run);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            List<Measurement> measurements =
                [.. run.Manifest.Measurements.Where(m => m.Scene == scene && m.Strategy == strategy)];
            IEnumerable<KernelEventRow> rows =
                run.KernelEvents.Where(row => row.Scene == scene && row.Strategy == strategy && row.Event == tracepoint);
            (double[] times, double[] sums) = Climb(rows, measurements.Count, measurements.Max(m => m.MeasuredS));
            plot.Bottom.Includes = [.. plot.Bottom.Includes, 0, times[^1]];
            plot.Series(times, sums, looks.Of(strategy));
        }

        return plot;
    }

    /// <summary>The mean number of events up to each moment, in seconds: linear within an interval, level between them.</summary>
    private static (double[] Times, double[] Sums) Climb(IEnumerable<KernelEventRow> rows, int runs, double seconds)
    {
        List<double> times = [0], sums = [0];
        // By number, for the lengths of the runs' windows differ by nanoseconds.
        foreach (IGrouping<double, KernelEventRow> interval in rows.GroupBy(row => Math.Round(row.StartMs / row.LengthMs))
            .OrderBy(same => same.Key))
        {
            double length = interval.Max(row => row.LengthMs) / 1000;
            times.AddRange([interval.Key * length, (interval.Key + 1) * length]);
            sums.AddRange([sums[^1], sums[^1] + (interval.Sum(row => row.Count) / (double)runs)]);
        }

        times.Add(Math.Max(seconds, times[^1]));
        sums.Add(sums[^1]);
        return ([.. times], [.. sums]);
    }
}
