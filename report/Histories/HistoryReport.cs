using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.Tracking;

namespace Lab.Report.Histories;

/// <summary>A history: is a regression open, which series changed and where, and why a change may stay, a figure for each, and
/// how
/// to come by all this again.</summary>
public static class HistoryReport
{
    /// <summary>A page of hundreds of figures opens on no phone; the rest is in the tables.</summary>
    public const int FiguresMost = 24;

    private const int WorstNamed = 3;

    /// <param name="source">The history's file, as the commands to repeat are to name it.</param>
    /// <param name="notes">What else a reader must know: damaged rows, series of other machines left out.</param>
    /// <param name="machine">Whose series they are; null for how many.</param>
    public static Document Of(
        IReadOnlyList<TrackedSeries> series, string source, IReadOnlyList<string> notes, string? machine = null)
    {
        IReadOnlyList<TrackedSeries> ordered = InOrder(series);
        TrackedSeries[] left = [.. ordered.Skip(FiguresMost)];
        SeriesPoint[] points = [.. series.SelectMany(one => one.Points)];
        int machines = series.Select(one => one.Key.Machine).Distinct().Count();
        bool isOpen = series.Any(one => one.OpenRegressions.Any());
        Mood mood = isOpen ? Mood.Bad : series.All(one => !TrackedHistory.IsLongEnough(one)) ? Mood.Warn : Mood.Good;
        return new Document($"lab history {source}")
        {
            Heading = "lab history",
            Place = $"{source} · {series.Count} series · "
                + $"{(machine is null ? Plural.Of(machines, "machine") : $"machine {machine}")}"
                + (points.Length == 0 ? ""
                : $" · {Told.Day(points.Min(point => point.TimeUtc))} to {Told.Day(points.Max(point => point.TimeUtc))}"),
            Mood = mood,
            Answer = [new Prose(Verdict(series) + Worst(ordered), mood)],
            Next = isOpen ? [("the commits", $"lab track culprit --history {source}")] : [],
            Parts =
            [
                new Items(notes) { For = Reader.Page },
                new Section("Changes", series.All(one => one.Changes.Count == 0) ? [new Prose("No series changed its level.")]
                    : [new Prose("A change is the first point of a new level; its cause is newer than the commit before it. "
                        + "Other settings or another machine make another series.", Mood.Soft) { For = Reader.Page },
                        Changes(ordered.Select(one => (one, one.Changes)), ordered)], "changes"),
                new Section("Series over their commits",
                [
                    new Drawings(() => ordered.Take(FiguresMost).Select(HistoryFigure.Draw)
                        .Select(plot => (plot.Title, plot.GetSvg()))),
                    .. left.Length == 0 ? (Part[])[]
                        : [new Prose($"{left.Length} further series {(left.Length == 1 ? "is" : "are")} "
                        + $"not drawn here, {left.Count(one => one.Changes.Count > 0)} of them with changes: "
                        + "lab track show --series … --figure FILE.svg draws any of them.")],
                ], "figures") { ShortName = "figures", For = Reader.Page },
                new Section("Every series", [Standing(ordered)], "series"),
                new Section("How to repeat this", [new Commands("Add a run's numbers to the history, then judge it",
                    $"lab track add latest --history {source}", $"lab track show --history {source}",
                    $"lab track gate --history {source}", $"lab track culprit --history {source}")], "again")
                    { ShortName = "how to repeat", For = Reader.Page },
            ],
        };
    }

    public static Output Output(TrackedHistory history, IReadOnlyList<TrackedSeries> series) => new(
        () => Of(series, history.Path, history.Notes, history.MachineText()), to => Records.WriteCsv(series
            .Select(TrackRecords.Of), to),
        () => Records.Json(TrackRecords.Of(history, series)));

    /// <summary>What a gate refuses.</summary>
    /// <param name="among">All that were looked at.</param>
    public static Document Gate(string verdict, bool isUndecided, TrackedHistory history,
        IEnumerable<(TrackedSeries Series, IReadOnlyList<TrackedChange> Changes)> open, IReadOnlyList<TrackedSeries> among)
    {
        Table changes = Changes(open, among, isGate: true);
        Mood mood = changes.Rows.Count > 0 ? Mood.Bad : isUndecided ? Mood.Warn : Mood.Good;
        return new Document("lab track gate")
        {
            Mood = mood,
            Answer = [new Prose(verdict, mood)],
            Next = changes.Rows.Count == 0 ? [] : [("the commits", $"lab track culprit --history {history.Path}"),
                ("to accept a change", "lab track acknowledge SERIES --change COMMIT --reason TEXT")],
            Place = $"{history.Path} · machine {history.MachineText()}",
            Parts = [changes],
        };
    }

    /// <summary>Open regressions first, then other changes, then the quiet ones; else in the order of the history.</summary>
    public static IReadOnlyList<TrackedSeries> InOrder(IReadOnlyList<TrackedSeries> series) =>
        [.. series.OrderBy(one => one.OpenRegressions.Any() ? 0 : one.Changes.Count > 0 ? 1 : 2)];

    /// <summary>Is a regression open, in a sentence or two.</summary>
    public static string Verdict(IReadOnlyList<TrackedSeries> series)
    {
        int fewest = ChangePointDetector.FewestPoints(), open = series.Sum(one => one.OpenRegressions.Count());
        int tooShort = series.Count(one => !TrackedHistory.IsLongEnough(one));
        if (tooShort == series.Count)
        {
            return $"Too early to tell: none of {series.Count} series has the {fewest} points that it takes to find a change.";
        }
        return $"{OpenOnes(open)} open. {series.Count(one => one.Changes.Count > 0)} of {series.Count} series changed "
            + "their level."
            + (tooShort > 0 ? $" {tooShort} {(tooShort == 1 ? "has" : "have")} fewer than the {fewest} points that it takes to "
                + "find a change." : "");
    }

    /// <summary>"No regression is", "2 regressions are".</summary>
    public static string OpenOnes(int count) =>
        count == 0 ? "No regression is" : $"{Plural.Of(count, "regression")} {(count == 1 ? "is" : "are")}";

    /// <summary>The first few regressions by name: who reads one sentence of the page has read them.</summary>
    private static string Worst(IReadOnlyList<TrackedSeries> series)
    {
        string[] open = [.. series.SelectMany(one => one.OpenRegressions, (one, change) => $"{SeriesText.Of(one.Key)} "
            + $"{HistoryFigure.Percent(change.Point.Change)} at {CommitNames.Short(change.Culprit.FirstBad)}")];
        return open.Length == 0 ? "" : $" {string.Join("; ", open.Take(WorstNamed))}{(open.Length > WorstNamed ? "; …" : "")}.";
    }

    private static Table Changes(IEnumerable<(TrackedSeries Series, IReadOnlyList<TrackedChange> Changes)> changed,
        IReadOnlyList<TrackedSeries> among, bool isGate = false) => new(
        [
            "series", "commit", .. Column.Numbers("change", "from", "to"), new("p", true, isGate ? Reader.Page
                : Reader.Everybody),
            new("verdict", For: isGate ? Reader.Page : Reader.Everybody),
            new("after", For: isGate ? Reader.Everybody : Reader.Page), "because",
        ],
        [
            .. changed.SelectMany(one => one.Changes, (one, change) => (one.Series, Change: change)).Select(one =>
            {
                (ChangePoint point, Culprit culprit, string unit) = (one.Change.Point, one.Change.Culprit, one.Series.Key.Unit);
                return (IReadOnlyList<Cell>)
                [
                    SeriesText.Title(one.Series, among), new(CommitNames.Short(culprit.FirstBad), culprit.FirstBad),
                    new(HistoryFigure.Percent(point.Change), point.Change), Cell.Of(point.Before, unit), Cell.Of(point.After,
                        unit),
                    Cell.Number(point.P, "0e-0"), Meaning(one.Change),
                    new(CommitNames.Short(culprit.LastGood), culprit.LastGood),
                    one.Change.Acknowledged is { } seen ? $"{seen.Reason} ({Told.Day(seen.TimeUtc)})" : "",
                ];
            }),
        ]);

    private static Cell Meaning(TrackedChange change) => change switch
    {
        { IsRegression: false } => new Cell("better") { Mood = Mood.Good },
        { Acknowledged: not null } => "worse, acknowledged",
        { FixedBy: { } commit } => $"worse, fixed by {CommitNames.Short(commit)}",
        _ => new Cell("worse") { Badge = Badge.Open },
    };

    private static Table Standing(IReadOnlyList<TrackedSeries> series) => new(
        ["series", .. Column.Numbers("points", "last"), "at", .. Column.Numbers("level", "± spread")],
        [
            .. series.Select(one => (IReadOnlyList<Cell>)[SeriesText.Title(one, series), Cell.Count(one.Points.Count),
                Cell.Of(one.Points[^1].Value, one.Key.Unit), CommitNames.Short(one.Points[^1].Commit),
                Cell.Of(one.Levels[^1].Median, one.Key.Unit), Cell.Of(one.Levels[^1].Spread, one.Key.Unit)]),
        ]);
}
