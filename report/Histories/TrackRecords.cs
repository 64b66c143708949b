using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Plots;
using Lab.Results;
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
    private const string Header =
        "strategy,workload,mmu,metric,quantile,unit,machine,settings,better,points,last_value,last_commit,level,spread,"
        + "commit,last_good,change,before,after,p,verdict,open,acknowledged,time_utc,fixed_by";

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

    /// <summary>A row per change, and one with nothing behind the spread for a series without.</summary>
    public static void WriteCsv(IEnumerable<TrackedSeries> series, TextWriter to)
    {
        to.WriteLine(Header);
        foreach (TrackSeriesRecord one in series.Select(Of))
        {
            foreach (TrackChangeRecord? change in one.Changes.DefaultIfEmpty<TrackChangeRecord?>(null))
            {
                to.WriteLine(string.Join(',', ((object?[])[
                    one.Strategy, one.Workload, one.Mmu, one.Metric, one.Quantile, one.Unit, one.Machine, one.Settings,
                    one.Better, one.Points,
                    one.LastValue, one.LastCommit, one.Level, one.Spread, change?.Commit, change?.LastGood, change?.Change,
                    change?.Before, change?.After, change?.P,
                    change?.Verdict, change is null ? null : change.Open ? "true" : "false", change?.Acknowledged,
                    change?.TimeUtc, change?.FixedBy]).Select(Cell)));
            }
        }
    }

    public static void WriteJson(TrackedHistory history, IReadOnlyList<TrackedSeries> series, TextWriter to)
    {
        TrackDocument document = new(history.Path, history.Machine, history.Rows, history.Damaged.Count,
            ChangePointDetector.FewestPoints(), HistoryReport.Verdict(series), [.. series.Select(Of)]);
        to.WriteLine(JsonSerializer.Serialize(document, TrackJson.Default.TrackDocument));
    }

    public static void WriteJson(GateDocument document, TextWriter to) =>
        to.WriteLine(JsonSerializer.Serialize(document, TrackJson.Default.GateDocument));

    private static TrackChangeRecord Of(TrackedSeries series, TrackedChange change) => new(
        change.Culprit.FirstBad, change.Culprit.LastGood, double.IsFinite(change.Point.Change) ? change.Point.Change : null,
        change.Point.Before, change.Point.After,
        change.Point.P, HistoryFigure.MeaningOf(change), change.IsOpen, change.Acknowledged?.Reason,
        series.Points[change.Point.Index].TimeUtc, change.FixedBy);

    private static string Cell(object? value)
    {
        string text = value switch
        {
            null => "",
            DateTimeOffset time => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        return CsvText.Cell(text);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TrackDocument))]
[JsonSerializable(typeof(GateDocument))]
public sealed partial class TrackJson : JsonSerializerContext;
