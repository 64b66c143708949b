using System.Globalization;
using System.Text.Json.Serialization;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.HdrLog;

namespace Lab.Report.Logs;

/// <summary>A tag of a histogram log for programs; quantiles are null where it has no samples.</summary>
public sealed record HdrLogRecord(string Tag, string Unit, int Intervals, long Count, double? P50, double? P90, double? P99,
    [property: JsonPropertyName("p99_9")] double? P999, double? Max);

/// <summary>A histogram log, the lab's own or another program's: percentiles of each tag, and the tags one over the other. Of the
/// lab's own the runs of a metric are added up, and phases are folded away on a page.</summary>
public static class HdrLogReport
{
    private const string Phase = ".phase.";

    private static readonly (string Name, double P, Reader For)[] Quantiles =
        [("p50", 0.5, Reader.Everybody), ("p90", 0.9, Reader.Page), ("p99", 0.99, Reader.Everybody),
            ("p99.9", 0.999, Reader.Everybody), ("p99.99", 0.9999, Reader.Page)];

    public static Output Output(IReadOnlyList<NamedHistogram> log, string source) => new(() => Of(log, source),
        to => Documents.Records.WriteCsv(Records(log), to), () => Documents.Records.Json(Records(log)));

    private static HdrLogRecord[] Records(IReadOnlyList<NamedHistogram> log) => [.. Totals(log, one => one.Tag).Select(tag =>
    {
        double? At(double p) => tag.Count == 0 ? null : Results.Quantiles.At(tag.Buckets, p);
        return new HdrLogRecord(tag.Tag, tag.Unit, tag.Intervals, tag.Count, At(0.5), At(0.9), At(0.99), At(0.999),
            tag.Count == 0 ? null : tag.Max);
    })];

    public static Document Of(IReadOnlyList<NamedHistogram> log, string source)
    {
        IReadOnlyList<TagTotal> totals = Totals(log, NameOf);
        TagTotal[] phases = [.. totals.Where(tag => tag.Tag.Contains(Phase, StringComparison.Ordinal))];
        TagTotal[] whole = [.. totals.Except(phases)];
        int tags = log.Select(one => one.Tag).Distinct().Count();
        string runs = totals.Count < tags ? $"; the runs of a metric are added up: {totals.Count} rows" : "";
        return new Document($"lab histogram log {source}")
        {
            Heading = "lab histogram log",
            Place = source,
            Answer = [string.Create(CultureInfo.InvariantCulture,
                $"{Plural.Of(log.Count, "interval")} under {Plural.Of(tags, "tag")}, "
                + $"{Plural.Of(totals.Sum(tag => tag.Count), "sample")}{runs}.")],
            Parts =
            [
                new Section("Tags", [Numbers(whole)], "tags") { ShortName = "tags" },
                new Section($"Phases ({phases.Length})", phases.Length == 0 ? [] : [Numbers(phases)]) { IsFolded = true },
                new Section("Latency by percentile",
                [
                    new Drawings(() => HdrLogFigure.Draw(whole, source) is var plot ? [(plot.Title, plot.GetSvg())] : []),
                    .. whole.Length > HdrLogFigure.LinesMost
                        ? [new Prose($"The first {HdrLogFigure.LinesMost} of {whole.Length} tags "
                        + "are drawn; all are in the table.")] : (Part[])[],
                ], "percentiles") { ShortName = "percentiles", For = Reader.Page },
            ],
        };
    }

    /// <summary>Its figure: the tags without their phases.</summary>
    public static Plot Drawn(IReadOnlyList<NamedHistogram> log, string source) => HdrLogFigure.Draw(
        [.. Totals(log, NameOf).Where(tag => !tag.Tag.Contains(Phase, StringComparison.Ordinal))], source);

    private static Table Numbers(IReadOnlyList<TagTotal> totals) => new(
        ["tag", new("intervals", true, Reader.Page), new("samples", true),
            .. Quantiles.Select(one => new Column(one.Name, true, one.For)), new("max", true)],
        [.. totals.Select(tag => (IReadOnlyList<Cell>)[tag.Tag, Cell.Count(tag.Intervals), Cell.Count(tag.Count),
            .. Quantiles.Select(one => Cell.Of(tag.Shown(one.P), tag.Unit)), Cell.Of(tag.Max, tag.Unit)])]);

    private static string NameOf(NamedHistogram one) => one.Name is { } name
        ? $"{name.Metric} of {name.Key.Strategy} · {name.Key.Workload} on {name.Key.Mmu}" : one.Tag;

    /// <summary>In the order of first appearance.</summary>
    private static IReadOnlyList<TagTotal> Totals(IReadOnlyList<NamedHistogram> log, Func<NamedHistogram, string> name) =>
    [
        .. log.GroupBy(name).Select(tag => new TagTotal(tag.Key.Length == 0 ? "(no tag)" : tag.Key, tag.First().Unit, tag.Count(),
            Buckets.Merge(tag.SelectMany(one => one.Buckets)))),
    ];
}
