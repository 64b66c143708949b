using System.Text.Json.Serialization;
using Lab.Plots;
using Lab.Results.Statistics;
using Lab.Results.Tracking;

namespace Lab.Report.Histories;

/// <summary>A change of level for programs. Field names are stable; new ones are added at the end. The verdict is <c>worse</c>,
/// <c>better</c>, <c>acknowledged</c> or <c>fixed</c>; the change is relative and null from a level of 0. The commit that
/// fixed it is left out where none did.</summary>
public sealed record TrackChangeRecord(string Commit, string LastGood, double? Change, double Before, double After, double P,
    string Verdict, bool Open, string? Acknowledged, DateTimeOffset TimeUtc,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FixedBy);

/// <summary>A series for programs. The quantile is <c>p99</c> or <c>rate</c>; better is <c>lower</c> or <c>higher</c>.</summary>
public sealed record TrackSeriesRecord(string Strategy, string Workload, string Mmu, string Metric, string Quantile, string Unit,
    string Machine, string Settings, string Better, int Points, double LastValue, string LastCommit, double Level, double Spread,
    IReadOnlyList<TrackChangeRecord> Changes);

/// <summary>What <c>lab track show --format json</c> prints. A change takes at least <c>fewest_points</c> points.</summary>
public sealed record TrackDocument(string History, string? Machine, int Rows, int DamagedRows, int FewestPoints, string Summary,
    IReadOnlyList<TrackSeriesRecord> Series);

/// <summary>What <c>lab track gate --format json</c> prints. The verdict is <c>regression</c>, <c>clean</c> or <c>undecided</c>;
/// series are those with an open one.</summary>
public sealed record GateDocument(string History, string? Machine, string Verdict, int ExitCode, int SeriesLookedAt,
    int SeriesTooShort, int FewestPoints, int DamagedRows, IReadOnlyList<TrackSeriesRecord> Series);

/// <summary>A history for programs.</summary>
public static class TrackRecords
{
    public static TrackSeriesRecord Of(TrackedSeries series) => Of(series, series.Changes);

    public static TrackSeriesRecord Of(TrackedSeries series, IEnumerable<TrackedChange> changes)
    {
        SeriesKey key = series.Key;
        Level level = series.Levels[^1];
        return new TrackSeriesRecord(
            key.Strategy, key.Workload, key.Mmu, key.Metric, HistoryFigure.QuantileOf(key), key.Unit, key.Machine, key.Settings,
            series.Better == Better.Higher ? "higher" : "lower", series.Points.Count, series.Points[^1].Value,
            series.Points[^1].Commit, level.Median, level.Spread,
            [.. changes.Select(change => Of(series, change))]);
    }

    public static TrackDocument Of(TrackedHistory history, IReadOnlyList<TrackedSeries> series) =>
        new(history.Path, history.Machine, history.Rows, history.Damaged.Count, ChangePointDetector.FewestPoints(),
            HistoryReport.Verdict(series), [.. series.Select(Of)]);

    private static TrackChangeRecord Of(TrackedSeries series, TrackedChange change) => new(
        change.Culprit.FirstBad, change.Culprit.LastGood, double.IsFinite(change.Point.Change) ? change.Point.Change : null,
        change.Point.Before, change.Point.After,
        change.Point.P, HistoryFigure.MeaningOf(change), change.IsOpen, change.Acknowledged?.Reason,
        series.Points[change.Point.Index].TimeUtc, change.FixedBy);
}
