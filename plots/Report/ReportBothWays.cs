using System.Globalization;
using Lab.Results;
using Lab.Results.Statistics;

namespace Lab.Plots;

/// <summary>A scene's latencies with all samples and without those that a located disturbance overlapped, side by side: a
/// difference between the two says how much of a tail is the machine's.</summary>
internal static class ReportBothWays
{
    /// <summary>Nothing where no measurement of the scene was watched.</summary>
    internal static void Write(HtmlText html, RunRecord run, Scene scene)
    {
        ILookup<(string Strategy, string Metric), UndisturbedRow> without =
            run.Undisturbed.Where(row => row.Scene == scene).ToLookup(row => (row.Strategy, row.Metric));
        List<string> metrics = [.. Figures.LatenciesIn(run,
            scene).Where(metric => run.StrategiesIn(scene).Any(strategy => without.Contains((strategy, metric))))];
        if (metrics.Count == 0) return;
        html.Add($"<h3>with and without disturbed samples</h3>");
        if (without.SelectMany(rows => rows).All(row => row.Tagged == 0))
        {
            html.Add($"<p>Watched, and no sample overlapped a located disturbance: both are the same.</p>");
            return;
        }

        html.Add($"<p class=\"soft\">Tagged: samples that a located disturbance overlapped; they are in all other tables and "
            + $"figures. Medians over runs, max is the largest of all.</p>");
        ReportTables.OpenTable(html, ["strategy", "metric", "samples", "tagged", "p99", "p99 without", "p99.9", "p99.9 without",
            "max", "max without"], wordColumn: "metric");
        foreach (string metric in metrics)
        {
            foreach (string strategy in run.StrategiesIn(scene).Where(strategy => without.Contains((strategy, metric))))
            {
                WriteRow(html, run, scene, strategy, metric, [.. without[(strategy, metric)]]);
            }
        }

        ReportTables.CloseTable(html);
    }

    private static void WriteRow(
        HtmlText html, RunRecord run, Scene scene, string strategy, string metric, IReadOnlyList<UndisturbedRow> without)
    {
        // The same runs on both sides: one that was not watched has no other side.
        HashSet<int> watched = without.Select(row => row.Run).ToHashSet();
        List<SummaryRow> all = [.. run.Summary.Where(
            row => row.Scene == scene && row.Strategy == strategy && row.Metric == metric && watched.Contains(row.Run))];
        ReportTables.OpenRow(html, run, strategy);
        html.Add($"<td class=\"word\" data-value=\"{metric}\">{metric}</td>");
        (long left, long tagged) = (without.Sum(row => row.Count), without.Sum(row => row.Tagged));
        ReportTables.Cell(html, left + tagged, Quantity.Count(left + tagged));
        ReportTables.Cell(html, tagged,
            tagged == 0 ? "0" : $"{Quantity.Count(tagged)} ({Percent((double)tagged / (left + tagged))})");
        long fewest = without.Min(row => row.Count);
        foreach ((double with, double rest) in ((double, double)[])[
            Medians(0.99, row => row.P99, row => row.P99), Medians(0.999, row => row.P999, row => row.P999),
            (all.Select(row => row.Max).DefaultIfEmpty(double.NaN).Max(), without.Max(row => row.Max))])
        {
            ReportTables.Cell(html, with, Quantity.Format(with, without[0].Unit));
            ReportTables.Cell(html, rest, Quantity.Format(rest, without[0].Unit));
        }

        html.Add($"</tr>");

        (double, double) Medians(double p, Func<SummaryRow, double> of, Func<UndisturbedRow, double> rest) =>
            (Quantiles.Shown(Spread.Median([.. all.Select(of)]), fewest, p),
                Quantiles.Shown(Spread.Median([.. without.Select(rest)]), fewest, p));
    }

    private static string Percent(double share) =>
        share < 1e-5 ? "< 0.001 %" : string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.###} %");
}
