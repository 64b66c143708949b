using System.Globalization;
using Lab.Plots;
using Lab.Results;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Report.Histories;

/// <summary>Series and changes as text for people, eighty columns wide.</summary>
public static class TrackTables
{
    private static readonly string[] ChangeHeaders = ["commit", "change", "from", "to", "p", "verdict"];
    private static readonly int[] ChangeWidths = [9, 9, 10, 10, 7, 21];
    private static readonly int[] QuietWidths = [46, 6, 10, 10];

    public static void Write(TrackedHistory history, IReadOnlyList<TrackedSeries> series, TextWriter to)
    {
        Lines(to, $"history: {history.Path}, {Plural.Of(history.Rows, "row")}");
        Lines(to, $"machine: {history.MachineText()}");
        Lines(to, HistoryReport.Verdict(series));
        foreach (TrackedSeries one in series.Where(one => one.Changes.Count > 0))
        {
            to.WriteLine();
            Lines(to, Title(one, series));
            Lines(to, Standing(one), "  ");
            TextGrid grid = new(ChangeHeaders, ChangeWidths);
            foreach (TrackedChange change in one.Changes)
            {
                grid.Add(ChangeCells(one, change));
                if (change.Acknowledged is { } seen) grid.AddAcross("  because: ", seen.Reason, TextGrid.Width - 2);
            }
            foreach (string line in grid.Lines) to.WriteLine($"  {line}".TrimEnd());
        }
        WriteQuiet([.. series.Where(one => one.Changes.Count == 0)], series, to);
    }

    /// <summary>Under the name of strategy and scene, which they share, a line for each.</summary>
    private static void WriteQuiet(TrackedSeries[] quiet, IReadOnlyList<TrackedSeries> among, TextWriter to)
    {
        if (quiet.Length == 0) return;
        to.WriteLine();
        TextGrid rest = new(["without a change", "points", "last", "level"], QuietWidths);
        foreach (IGrouping<string, TrackedSeries> same in quiet.GroupBy(one => Place(one, among)))
        {
            rest.AddAcross("", same.Key, TextGrid.Width);
            foreach (TrackedSeries one in same)
            {
                rest.Add($"· {HistoryFigure.NameOf(one.Key)}", Number(one.Points.Count), Value(one, one.Points[^1].Value),
                    Value(one, one.Levels[^1].Median));
            }
        }
        foreach (string line in rest.Lines) to.WriteLine(line);
    }

    public static void WriteMarkdown(TrackedHistory history, IReadOnlyList<TrackedSeries> series, TextWriter to)
    {
        to.WriteLine($"**{HistoryReport.Verdict(series)}** History `{history.Path}`, {Plural.Of(history.Rows, "row")}, machine "
            + $"{history.MachineText()}.");
        WriteMarkdownChanges(series.Where(one => one.Changes.Count > 0).Select(one => (one, one.Changes)), series, to);
        TrackedSeries[] quiet = [.. series.Where(one => one.Changes.Count == 0)];
        if (quiet.Length == 0) return;
        WriteMarkdown(new TextTable("", [new("without a change"), .. Column.Numbers("points", "last", "level")],
            [.. quiet.Select(one => (string[])[Title(one, series), Number(one.Points.Count), Value(one, one.Points[^1].Value),
                Value(one, one.Levels[^1].Median)])]), to);
    }

    private static void WriteMarkdown(TextTable table, TextWriter to)
    {
        to.WriteLine();
        foreach (string line in table.Markdown()) to.WriteLine(line);
    }

    public static void WriteMarkdownChanges(IEnumerable<(TrackedSeries Series, IReadOnlyList<TrackedChange> Changes)> changed,
        IReadOnlyList<TrackedSeries> all, TextWriter to)
    {
        string[][] rows =
        [
            .. changed.SelectMany(one => one.Changes, (one, change) => (one.Series, Change: change)).Select(one =>
            {
                string[] cells = [Title(one.Series, all), .. ChangeCells(one.Series, one.Change)];
                if (one.Change.Acknowledged is { } seen) cells[^1] += $": {seen.Reason}";
                return cells;
            }),
        ];
        if (rows.Length == 0) return;
        Column[] columns = [.. Column.Texts("series", "commit"), .. Column.Numbers("change", "from", "to", "p"), new("verdict")];
        WriteMarkdown(new TextTable("", columns, rows), to);
    }

    /// <summary>Points, last value, level.</summary>
    public static string Standing(TrackedSeries one)
    {
        Level level = one.Levels[^1];
        return string.Create(CultureInfo.InvariantCulture,
            $"{Plural.Of(one.Points.Count, "point")}; last {Value(one, one.Points[^1].Value)} at "
                + $"{CommitNames.Short(one.Points[^1].Commit)}; level {Value(one, level.Median)} ± {Value(one, level.Spread)}");
    }

    /// <summary>The series' name, with fingerprints where another of these has the same.</summary>
    public static string Title(TrackedSeries one, IReadOnlyList<TrackedSeries> among) =>
        among.Any(other => other != one && SeriesText.Of(other.Key) == SeriesText.Of(one.Key)) ? SeriesText.Whole(one.Key)
        : SeriesText.Of(one.Key);

    private static string Place(TrackedSeries one, IReadOnlyList<TrackedSeries> among)
    {
        string place = $"{one.Key.Strategy} · {one.Key.Workload} on {one.Key.Mmu}";
        return Title(one, among) == SeriesText.Of(one.Key) ? place
            : $"{place} · settings {one.Key.Settings} · machine {one.Key.Machine}";
    }

    public static string Value(TrackedSeries one, double value) => Quantity.Format(value, one.Key.Unit);

    private static string[] ChangeCells(TrackedSeries one, TrackedChange change) =>
    [
        CommitNames.Short(change.Culprit.FirstBad), HistoryFigure.Percent(change.Point.Change), Value(one, change.Point.Before),
        Value(one, change.Point.After),
        change.Point.P.ToString("0e-0", CultureInfo.InvariantCulture),
        change switch { { IsRegression: false } => "better", { Acknowledged: not null } => "worse, acknowledged",
            { FixedBy: { } commit } => $"worse, fixed by {CommitNames.Short(commit)}", _ => "worse, OPEN" },
    ];

    private static void Lines(TextWriter to, string text, string indent = "")
    {
        foreach (string line in TextGrid.Wrap(text, TextGrid.Width - indent.Length)) to.WriteLine(indent + line);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
