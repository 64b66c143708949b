using System.Globalization;
using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Plots;

/// <summary>What disturbed the measurement: by kind, and the longest one by one.</summary>
internal static class ReportDisturbances
{
    private const int Longest = 10;

    internal static void Write(ReportPage page, RunRecord run)
    {
        page.Section("disturbances", "Disturbances", "disturbances");
        WriteWatched(page.Body, run.Manifest.Measurements.Count(m => m.Watched), run.Manifest.Measurements.Count,
            "measurement", "run");
        WriteContaminations(page.Body, Contamination.Of(run), "measurements");
        WriteKinds(page.Body, run);
        WriteLongest(page.Body, run);
        WriteTagged(page.Body, run);
        WriteNotes(page.Body, run);
    }

    /// <summary>Of a comparison: how many of each kind every arm had, so that one which was disturbed more shows.</summary>
    internal static void Write(ReportPage page, ArmComparison comparison, ComparedDistributions distributions)
    {
        page.Section("disturbances", "Disturbances", "disturbances");
        Measurement[] measured = [.. comparison.Arms.SelectMany(arm => arm.Runs.SelectMany(
            run => run.Record.Manifest.Measurements.Where(m => m.Strategy == arm.Strategy && m.Run == run.Repetition)))];
        WriteWatched(page.Body, measured.Count(m => m.Watched), measured.Length, "run", "comparison");
        WriteContaminations(page.Body, [.. comparison.Arms.SelectMany(arm => arm.Contaminations)], "runs");
        ILookup<string, DisturbanceRow>[] found = comparison.Arms.Select(
            arm => arm.Runs.SelectMany(run => distributions.DisturbancesOf(arm, run)).ToLookup(row => row.Kind)).ToArray();
        string[] kinds =
            [.. found.SelectMany(byKind => byKind).Select(same => same.Key).Distinct().Order(StringComparer.Ordinal)];
        if (kinds.Length == 0) return;
        page.Body.Add($"<p class=\"soft\">Count, and per run in parentheses.</p>");
        ReportTables.OpenTable(page.Body,
            ["kind", .. comparison.Arms.Select(arm => arm.Label), .. comparison.Arms.Select(arm => $"{arm.Label}, together")]);
        foreach (string kind in kinds)
        {
            page.Body.Add($"<tr><td data-value=\"{kind}\">{kind}</td>");
            foreach ((ArmRuns arm, ILookup<string, DisturbanceRow> byKind) in comparison.Arms.Zip(found))
            {
                double count = byKind[kind].Count(), perRun = count / arm.Runs.Count;
                ReportTables.Cell(page.Body, perRun,
                    string.Create(CultureInfo.InvariantCulture, $"{Quantity.Count((long)count)} ({perRun:#,0.##})"));
            }

            foreach (ILookup<string, DisturbanceRow> byKind in found) Length(page.Body, byKind[kind].Sum(row => row.LengthMs));
            page.Body.Add($"</tr>");
        }

        ReportTables.CloseTable(page.Body);
    }

    /// <summary>An empty list means something only if somebody looked.</summary>
    private static void WriteWatched(HtmlText html, int watched, int all, string one, string whole)
    {
        if (watched == 0) html.Add($"<p>This {whole} was not watched, so an empty list says nothing.</p>");
        else if (watched < all)
        {
            html.Add($"<p>{watched} of {all} {one}s were watched; an empty list says nothing about the others.</p>");
        }
        else html.Add($"<p>{(all == 1 ? $"The {one} was" : $"All {all} {one}s were")} watched by another process.</p>");
    }

    /// <summary>Where disturbances show in the numbers.</summary>
    private static void WriteContaminations(HtmlText html, IReadOnlyList<string> found, string what)
    {
        if (found.Count == 0) return;
        html.Add($"<details{(found.Count <= Longest ? " open" : "")}><summary>It shows in the results of {what} "
            + $"({found.Count})</summary><ul>");
        foreach (string one in found) html.Add($"<li>{one}</li>");
        html.Add($"</ul></details>\n");
    }

    private static void WriteKinds(HtmlText html, RunRecord run)
    {
        if (run.Disturbances.Count == 0) return;
        ReportTables.OpenTable(html, ["kind", "count", "together", "longest", "located", "strategies"]);
        foreach (IGrouping<string, DisturbanceRow> kind in run.Disturbances.GroupBy(row => row.Kind)
            .OrderByDescending(same => same.Sum(row => row.LengthMs)).ThenByDescending(same => same.Count()))
        {
            html.Add($"<tr><td data-value=\"{kind.Key}\">{kind.Key}</td>");
            ReportTables.Cell(html, kind.Count(), Quantity.Count(kind.Count()));
            Length(html, kind.Sum(row => row.LengthMs));
            Length(html, kind.Max(row => row.LengthMs));
            int located = kind.Count(row => row.Located);
            ReportTables.Cell(html, located, located == kind.Count() ? "all" : located == 0 ? "none" : Quantity.Count(located));
            int strategies = kind.Select(row => row.Strategy).Distinct().Count();
            ReportTables.Cell(html, strategies, strategies == run.Strategies.Count ? "all" : strategies <= 2
                ? string.Join(", ", kind.Select(row => row.Strategy).Distinct()) : $"{strategies} of {run.Strategies.Count}");
            html.Add($"</tr>");
        }

        ReportTables.CloseTable(html);
        if (run.Disturbances.Any(row => !row.Located))
        {
            html.Add($"<p class=\"soft\">A disturbance that is not located happened somewhere between two readings of a counter; "
                + $"its length is the time between them, and it tags no sample.</p>");
        }
    }

    private static void WriteLongest(HtmlText html, RunRecord run)
    {
        List<DisturbanceRow> longest =
            [.. run.Disturbances.Where(row => row.Located).OrderByDescending(row => row.LengthMs).Take(Longest)];
        if (longest.Count == 0) return;
        html.Add($"<h3>the longest{(longest.Count == Longest ? $" {Longest}" : "")} that are located</h3>");
        ReportTables.OpenTable(html, ["kind", "strategy", "run", "began", "length", "whose", "what"], "words");
        foreach (DisturbanceRow row in longest)
        {
            html.Add($"<tr><td data-value=\"{row.Kind}\">{row.Kind}</td>");
            Who(html, row);
            Length(html, row.StartMs);
            Length(html, row.LengthMs);
            html.Add($"<td data-value=\"{row.Actor}\">{(row.Actor.Length == 0 ? "anybody's" : row.Actor)}</td><td "
                + $"data-value=\"{row.Detail}\">{row.Detail}</td></tr>");
        }

        ReportTables.CloseTable(html);
    }

    private static void WriteTagged(HtmlText html, RunRecord run)
    {
        List<TaggedSampleRow> longest = [.. run.Tagged.OrderByDescending(row => row.Value).Take(Longest)];
        if (longest.Count == 0) return;
        html.Add(
            $"<h3>the longest tagged samples <span class=\"soft\">({Quantity.Count(run.Tagged.Count)} are kept)</span></h3>");
        ReportTables.OpenTable(html, ["metric", "strategy", "run", "began", "length", "whose", "overlapped by"], "words");
        foreach (TaggedSampleRow row in longest)
        {
            html.Add($"<tr><td data-value=\"{row.Metric}\">{row.Metric}</td>");
            Who(html, row);
            Length(html, row.StartMs);
            ReportTables.Cell(html, row.Value, Quantity.Format(row.Value, row.Unit));
            html.Add($"<td data-value=\"{row.Actor}\">{row.Actor}</td><td data-value=\"{row.Kinds}\">{row.Kinds}</td></tr>");
        }

        ReportTables.CloseTable(html);
    }

    /// <summary>What the process noticed about itself.</summary>
    private static void WriteNotes(HtmlText html, RunRecord run)
    {
        List<Measurement> disturbed =
            [.. run.Manifest.Measurements.Where(m => m.GcInWindow + m.JitInWindow > 0 || m.Notes.Count > 0)];
        if (run.Manifest.Warnings.Count + disturbed.Count == 0)
        {
            html.Add($"<p>The run itself noticed nothing.</p>");
            return;
        }

        html.Add($"<h3>what the run itself noticed</h3><ul>");
        foreach (string warning in run.Manifest.Warnings) html.Add($"<li>{warning}</li>");
        foreach (Measurement m in disturbed)
        {
            List<string> what = [.. m.Notes];
            if (m.JitInWindow > 0) what.Insert(0, $"methods compiled inside the window: {m.JitInWindow}");
            if (m.GcInWindow > 0) what.Insert(0, $"garbage collections inside the window: {m.GcInWindow}");
            html.Add($"<li>{m.Strategy} under {m.Scene.ToString()}, run {m.Run}: {string.Join("; ", what)}</li>");
        }

        html.Add($"</ul>");
    }

    private static void Who(HtmlText html, MeasurementRow row) =>
        html.Add($"<td data-value=\"{row.Strategy}\">{row.Strategy}</td><td data-value=\"{row.Run}\">{row.Run}, "
            + $"{row.Scene.ToString()}</td>");

    private static void Length(HtmlText html, double ms) => ReportTables.Cell(html, ms, Quantity.Format(ms * 1e6, "ns"));
}
