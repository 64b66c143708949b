using System.Globalization;
using Lab.Results.Tracking;

namespace Lab.Plots;

/// <summary>One series over its commits: a point per session, a line for each level with a band of its spread, a mark where the
/// level changes. What a change means is said by words and line pattern as well as by colour.</summary>
public static class HistoryFigure
{
    /// <summary>Commit labels that fit beside each other.</summary>
    private const int LabelsMost = 8;

    public static Plot Draw(TrackedSeries series)
    {
        SeriesKey key = series.Key;
        string better = series.Better == Lab.Results.Statistics.Better.Higher ? "higher" : "lower";
        Plot plot = new()
        {
            Title = $"{NameOf(key)}: {key.Strategy}, {key.Workload} on {key.Mmu}",
            Subtitle = $"{Count(series.Points.Count, "session")} · line: the level's median, band: ± 1.48 MAD · {better} is "
                + "better · the axis does not begin at 0",
            Description = Describe(series, better),
            Height = 400,
        };
        plot.Left.Label = key.Quantile is null ? "rate" : "latency";
        plot.Left.Unit = key.Unit;
        plot.Bottom.Label = "commit, in order of measurement";
        plot.Bottom.Includes = [-0.5, series.Points.Count - 0.5];
        plot.Bottom.SetTicks(CommitTicks(series.Points));
        plot.Left.Includes = Margins(series);

        foreach (Level level in series.Levels)
        {
            double[] xs = [level.From - 0.5, level.To - 0.5];
            plot.Band(xs, [level.Median - level.Spread, level.Median - level.Spread],
                [level.Median + level.Spread, level.Median + level.Spread], Tone.Series(0));
            plot.Series(xs, [level.Median, level.Median], new Look(Tone.Series(0), "level") { IsListed = false });
        }

        plot.Series([.. Enumerable.Range(0, series.Points.Count).Select(index => (double)index)],
            [.. series.Points.Select(point => point.Value)],
            new Look(Tone.Series(6), "") { LineWidth = 0, MarkerSize = 5.5f, IsListed = false },
            at => $"{CommitNames.Short(series.Points[at].Commit)}: {Quantity.Format(series.Points[at].Value, key.Unit)}");

        HashSet<string> named = [];
        foreach (TrackedChange change in series.Changes)
        {
            (Tone tone, LinePattern pattern, string meaning) = LookOf(change);
            plot.VerticalMark(change.Point.Index - 0.5,
                $"{Percent(change.Point.Change)} {CommitNames.Short(change.Culprit.FirstBad)} {meaning}",
                new Look(tone, $"change: {meaning}") { Pattern = pattern, IsListed = named.Add(meaning) });
        }

        plot.IsLegendBelow = true;
        return plot;
    }

    /// <summary>Metric and quantile: <c>update p99</c>, <c>update rate</c>.</summary>
    public static string NameOf(SeriesKey key) => $"{key.Metric} {QuantileOf(key)}";

    /// <summary><c>p99</c>, or <c>rate</c>.</summary>
    public static string QuantileOf(SeriesKey key) =>
        key.Quantile is { } p ? string.Create(CultureInfo.InvariantCulture, $"p{100 * p:0.####}") : "rate";

    /// <summary><c>+10.2 %</c>; a change from nothing has no percentage.</summary>
    public static string Percent(double change) =>
        double.IsFinite(change) ? string.Create(CultureInfo.InvariantCulture, $"{100 * change:+0.0;−0.0;0.0} %") : "from 0";

    /// <summary><c>worse</c>, <c>acknowledged</c>, <c>fixed</c> or <c>better</c>.</summary>
    public static string MeaningOf(TrackedChange change) => LookOf(change).Meaning;

    private static (Tone Tone, LinePattern Pattern, string Meaning) LookOf(TrackedChange change) => change switch
    {
        { IsRegression: false } => (Tone.Series(2), LinePattern.Dotted, "better"),
        { Acknowledged: not null } => (Tone.Muted, LinePattern.Dashed, "acknowledged"),
        { FixedBy: not null } => (Tone.Muted, LinePattern.Dashed, "fixed"),
        _ => (Tone.Series(1), LinePattern.Solid, "worse"),
    };

    /// <summary>The first point of each commit, or as many of them as have room.</summary>
    private static IEnumerable<(double At, string Name)> CommitTicks(IReadOnlyList<SeriesPoint> points)
    {
        List<int> firsts =
            [.. Enumerable.Range(0, points.Count).Where(index => index == 0 || points[index].Commit != points[index - 1].Commit)];
        int every = Math.Max(1, (int)Math.Ceiling(firsts.Count / (double)LabelsMost));
        return firsts.Where((_, place) => place % every == 0)
            .Select(index => ((double)index, CommitNames.Short(points[index].Commit)));
    }

    /// <summary>So that no point lies on the frame, and a series that never moves has a middle.</summary>
    private static double[] Margins(TrackedSeries series)
    {
        (double low, double high) = (series.Points.Min(point => point.Value), series.Points.Max(point => point.Value));
        double margin = high > low ? 0.06 * (high - low) : Math.Max(0.05 * Math.Abs(low), 1e-9);
        return [low - margin, high + margin];
    }

    private static string Describe(TrackedSeries series, string better)
    {
        string what =
            $"{series.Key}, {Count(series.Points.Count, "point")} from commit {CommitNames.Short(series.Points[0].Commit)} to "
            + $"{CommitNames.Short(series.Points[^1].Commit)}, {better} is better.";
        return series.Changes.Count == 0
            ? $"{what} No change of level."
            : $"{what} Changes of level: " + string.Join("; ", series.Changes.Select(change =>
                $"{Percent(change.Point.Change)} at {CommitNames.Short(change.Culprit.FirstBad)}, from "
                    + $"{Quantity.Format(change.Point.Before, series.Key.Unit)} "
                + $"to {Quantity.Format(change.Point.After, series.Key.Unit)}, {MeaningOf(change)}")) + ".";
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
