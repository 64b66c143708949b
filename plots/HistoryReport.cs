using System.Globalization;
using System.Text;
using Lab.Results;
using Lab.Results.Tracking;

namespace Lab.Plots;

/// <summary>A history as one page that needs nothing else: is a regression open, which series changed and where, a figure for
/// each, what was acknowledged, how to come by all this again.</summary>
public static class HistoryReport
{
    /// <summary>A page of hundreds of figures opens on no phone; the rest is in the tables.</summary>
    public const int FiguresMost = 24;

    /// <exception cref="ResultsUnwritableException">An older report of that name is still whole.</exception>
    public static void Write(IReadOnlyList<TrackedSeries> series, string source, IReadOnlyList<string> notes, string path)
    {
        byte[] html = Encoding.UTF8.GetBytes(Render(series, source, notes));
        StagedFiles.WriteOne(path, to => to.Write(html));
    }

    /// <param name="source">The history's file, as the commands to repeat are to name it.</param>
    /// <param name="notes">What else a reader must know: damaged rows, series of other machines left out.</param>
    public static string Render(IReadOnlyList<TrackedSeries> series, string source, IReadOnlyList<string> notes)
    {
        IReadOnlyList<TrackedSeries> ordered = InOrder(series);
        ReportPage page = new($"lab history {source}");
        WriteHead(page.Head, ordered, source, notes);
        WriteChanges(page, ordered);
        WriteFigures(page, ordered);
        WriteAcknowledged(page, ordered);
        WriteQuiet(page, ordered);
        page.Section("again", "How to repeat this", "how to repeat");
        page.Body.Add($"<p>Add a run's numbers to the history, then judge it:</p>");
        page.Body.Add($"<pre>lab track add latest --history {source}\nlab track show --history {source}\nlab track gate "
            + $"--history {source}\nlab track culprit --history {source}</pre>\n");
        return page.Finish();
    }

    /// <summary>Open regressions first, then other changes, then the quiet ones; else in the order of the history.</summary>
    public static IReadOnlyList<TrackedSeries> InOrder(IReadOnlyList<TrackedSeries> series) =>
        [.. series.OrderBy(one => one.OpenRegressions.Any() ? 0 : one.Changes.Count > 0 ? 1 : 2)];

    /// <summary>Is a regression open, in a sentence or two.</summary>
    public static string Verdict(IReadOnlyList<TrackedSeries> series)
    {
        int fewest = ChangePointDetector.FewestPoints();
        int open = series.Sum(one => one.OpenRegressions.Count());
        int tooShort = series.Count(one => one.Points.Count < fewest);
        if (tooShort == series.Count)
        {
            return $"Too early to tell: none of {Count(series.Count, "series", "series")} has the {fewest} points that it takes "
                + "to find a change.";
        }
        int changed = series.Count(one => one.Changes.Count > 0);
        string verdict =
            open == 0 ? "No regression is open." : open == 1 ? "1 regression is open." : $"{open} regressions are open.";
        return $"{verdict} {changed} of {series.Count} series changed their level."
            + (tooShort > 0 ? $" {tooShort} {(tooShort == 1 ? "has" : "have")} fewer than the {fewest} points that it takes to "
                + "find a change." : "");
    }

    private static void WriteHead(HtmlText html, IReadOnlyList<TrackedSeries> series, string source, IReadOnlyList<string> notes)
    {
        List<SeriesPoint> points = [.. series.SelectMany(one => one.Points)];
        int machines = series.Select(one => one.Key.Machine).Distinct().Count();
        html.Add($"<h1>lab history</h1><p class=\"soft\">{source} · {Count(series.Count, "series", "series")} · "
            + $"{Count(machines, "machine", "machines")}");
        if (points.Count > 0)
        {
            html.Add($" · {Day(points.Min(point => point.TimeUtc))} to {Day(points.Max(point => point.TimeUtc))}");
        }
        string quality = series.Any(one => one.OpenRegressions.Any()) ? "bad"
            : series.All(one => one.Points.Count < ChangePointDetector.FewestPoints()) ? "warn" : "";
        html.Add($"</p><p class=\"verdict {quality}\">{Verdict(series)}{Worst(series)}</p>\n");
        if (notes.Count > 0)
        {
            html.Add($"<ul>");
            foreach (string note in notes) html.Add($"<li>{note}</li>");
            html.Add($"</ul>\n");
        }
    }

    /// <summary>The first few regressions by name: who reads one sentence of the page has read them.</summary>
    private static string Worst(IReadOnlyList<TrackedSeries> series)
    {
        const int named = 3;
        List<string> open = [.. series.SelectMany(one => one.OpenRegressions, (one, change) =>
            $"{SeriesName(one.Key)} {HistoryFigure.Percent(change.Point.Change)} at "
                + $"{CommitNames.Short(change.Culprit.FirstBad)}")];
        return open.Count == 0 ? "" : $" {string.Join("; ", open.Take(named))}{(open.Count > named ? "; …" : "")}.";
    }

    private static void WriteChanges(ReportPage page, IReadOnlyList<TrackedSeries> series)
    {
        HtmlText html = page.Body;
        page.Section("changes", "Changes");
        if (series.All(one => one.Changes.Count == 0))
        {
            html.Add($"<p>No series changed its level.</p>");
            return;
        }

        html.Add($"<p class=\"soft\">A change is the first point of a new level; its cause is newer than the commit before it. "
            + $"Other settings or another machine make another series.</p>");
        html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr>");
        WriteHeadings(html, ["metric", "strategy", "scene", "change", "verdict", "from", "to", "first of the new level",
            "commit before", "p", .. Prints(series)]);
        html.Add($"</tr></thead><tbody>");
        foreach (TrackedSeries one in series)
        {
            foreach (TrackedChange change in one.Changes)
            {
                (ChangePoint point, string unit) = (change.Point, one.Key.Unit);
                html.Add($"<tr><td data-value=\"{HistoryFigure.NameOf(one.Key)}\">{HistoryFigure.NameOf(one.Key)}</td><td "
                    + $"data-value=\"{one.Key.Strategy}\">{one.Key.Strategy}</td><td class=\"word\" "
                    + $"data-value=\"{Scene(one.Key)}\">{Scene(one.Key)}</td><td "
                    + $"data-value=\"{Number(point.Change)}\">{HistoryFigure.Percent(point.Change)}</td>");
                html.Add(
                    $"<td class=\"word\" data-value=\"{HistoryFigure.MeaningOf(change)}\">{HistoryFigure.MeaningOf(change)}");
                if (change.IsOpen) html.Add($"<span class=\"mark bad\">OPEN</span>");
                if (change is { Acknowledged: null, FixedBy: { } commit }) html.Add($" by {CommitNames.Short(commit)}");
                html.Add($"</td><td data-value=\"{Number(point.Before)}\">{Quantity.Format(point.Before, unit)}</td><td "
                    + $"data-value=\"{Number(point.After)}\">{Quantity.Format(point.After, unit)}</td>");
                html.Add($"<td data-value=\"{change.Culprit.FirstBad}\">{CommitNames.Short(change.Culprit.FirstBad)}</td><td "
                    + $"data-value=\"{change.Culprit.LastGood}\">{CommitNames.Short(change.Culprit.LastGood)}</td>");
                html.Add($"<td data-value=\"{Number(point.P)}\">{point.P.ToString("0.0e-0", CultureInfo.InvariantCulture)}</td>");
                WritePrints(html, one.Key, series);
                html.Add($"</tr>");
            }
        }

        html.Add($"</tbody></table></div>\n");
    }

    private static void WriteFigures(ReportPage page, IReadOnlyList<TrackedSeries> series)
    {
        HtmlText html = page.Body;
        page.Section("figures", "Series over their commits", "figures");
        foreach (TrackedSeries one in series.Take(FiguresMost))
        {
            page.Figure(HistoryFigure.Draw(one));
        }

        List<TrackedSeries> left = series.Skip(FiguresMost).ToList();
        if (left.Count == 0) return;
        int changed = left.Count(one => one.Changes.Count > 0);
        html.Add($"<p>{Count(left.Count, "further series is", "further series are")} not drawn here, {changed} of them "
            + $"with changes: ");
        html.Add($"<code>lab track show --series … --figure FILE.svg</code> draws any of them.</p>\n");
    }

    private static void WriteAcknowledged(ReportPage page, IReadOnlyList<TrackedSeries> series)
    {
        HtmlText html = page.Body;
        page.Section("acknowledged", "Acknowledged");
        List<(SeriesKey Key, TrackedChange Change)> changes = series.SelectMany(one => one.Changes,
            (one, change) => (one.Key, Change: change)).Where(pair => pair.Change.Acknowledged is not null).ToList();
        if (changes.Count == 0)
        {
            html.Add($"<p>No change has been acknowledged.</p>");
            return;
        }

        html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"events\"><thead><tr><th>metric</th><th>strategy</th>"
            + $"<th>scene</th><th>change</th><th>commit</th><th>reason</th><th>when</th></tr></thead><tbody>");
        foreach ((SeriesKey key, TrackedChange change) in changes)
        {
            html.Add($"<tr><td>{HistoryFigure.NameOf(key)}</td><td>{key.Strategy}</td><td>{Scene(key)}</td>"
                + $"<td>{HistoryFigure.Percent(change.Point.Change)}</td>"
                + $"<td>{CommitNames.Short(change.Acknowledged!.Commit)}</td>");
            html.Add($"<td>{change.Acknowledged.Reason}</td><td>{Day(change.Acknowledged.TimeUtc)}</td></tr>");
        }

        html.Add($"</tbody></table></div>\n");
    }

    private static void WriteQuiet(ReportPage page, IReadOnlyList<TrackedSeries> series)
    {
        HtmlText html = page.Body;
        page.Section("quiet", "Series without changes");
        List<TrackedSeries> quiet = [.. series.Where(one => one.Changes.Count == 0)];
        if (quiet.Count == 0)
        {
            html.Add($"<p>There is none.</p>");
            return;
        }

        html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr>");
        WriteHeadings(html, ["metric", "strategy", "scene", "points", "last", "level", "± spread", .. Prints(series)]);
        html.Add($"</tr></thead><tbody>");
        foreach (TrackedSeries one in quiet)
        {
            (double last, Level level) = (one.Points[^1].Value, one.Levels[^1]);
            html.Add($"<tr><td data-value=\"{HistoryFigure.NameOf(one.Key)}\">{HistoryFigure.NameOf(one.Key)}</td><td "
                + $"data-value=\"{one.Key.Strategy}\">{one.Key.Strategy}</td><td class=\"word\" "
                + $"data-value=\"{Scene(one.Key)}\">{Scene(one.Key)}</td><td "
                + $"data-value=\"{one.Points.Count}\">{one.Points.Count}</td>");
            html.Add($"<td data-value=\"{Number(last)}\">{Quantity.Format(last, one.Key.Unit)}</td><td "
                + $"data-value=\"{Number(level.Median)}\">{Quantity.Format(level.Median, one.Key.Unit)}</td>");
            html.Add($"<td data-value=\"{Number(level.Spread)}\">{Quantity.Format(level.Spread, one.Key.Unit)}</td>");
            WritePrints(html, one.Key, series);
            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>\n");
    }

    /// <summary>Over words to the left, over numbers to the right.</summary>
    private static void WriteHeadings(HtmlText html, IEnumerable<string> headings)
    {
        foreach (string heading in headings)
        {
            if (heading is "scene" or "verdict") html.Add($"<th class=\"word\"><button>{heading}</button></th>");
            else html.Add($"<th><button>{heading}</button></th>");
        }
    }

    /// <summary>Headings of the fingerprints by which the page's series differ: one that all share says nothing.</summary>
    private static IEnumerable<string> Prints(IReadOnlyList<TrackedSeries> series)
    {
        if (series.Select(one => one.Key.Settings).Distinct().Count() > 1) yield return "settings";
        if (series.Select(one => one.Key.Machine).Distinct().Count() > 1) yield return "machine";
    }

    private static void WritePrints(HtmlText html, SeriesKey key, IReadOnlyList<TrackedSeries> series)
    {
        foreach (string print in Prints(series).Select(heading => heading == "machine" ? key.Machine : key.Settings))
        {
            html.Add($"<td data-value=\"{print}\">{print}</td>");
        }
    }

    private static string SeriesName(SeriesKey key) => $"{key.Strategy} · {Scene(key)} · {HistoryFigure.NameOf(key)}";

    private static string Scene(SeriesKey key) => $"{key.Workload} on {key.Mmu}";

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "";

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";
}
