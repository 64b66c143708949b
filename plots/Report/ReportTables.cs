using System.Globalization;
using Lab.Results;

namespace Lab.Plots;

/// <summary>The report's tables of strategies against statistics, one per metric.</summary>
internal static class ReportTables
{
    private static readonly string[] Columns =
        ["strategy", "count", "p50", "p90", "p99", "p99.9", "max", "rate", "p99 of single runs"];

    /// <summary>A scene's latencies, those of phases folded away.</summary>
    internal static void Write(HtmlText html, RunRecord run, Scene scene)
    {
        IReadOnlyList<string> latencies = Figures.LatenciesIn(run, scene);
        foreach (string metric in latencies) WriteMetric(html, run, scene, metric);
        List<string> rest = [.. run.MetricsIn(scene).Except(latencies)];
        if (rest.Count > 0)
        {
            html.Add($"<details><summary>Phases and other metrics ({rest.Count})</summary>");
            foreach (string metric in rest) WriteMetric(html, run, scene, metric);
            html.Add($"</details>");
        }

        WriteCounters(html, run, scene);
    }

    private static void WriteMetric(HtmlText html, RunRecord run, Scene scene, string metric)
    {
        html.Add($"<h3>{metric}</h3>");
        OpenTable(html, Columns);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            OpenRow(html, run, strategy);
            if (run.Pool(strategy, scene, metric) is { } pooled)
            {
                Cell(html, pooled.Count, Quantity.Count(pooled.Count));
                foreach (double value in (double[])[pooled.P50, pooled.Shown.P90, pooled.Shown.P99, pooled.Shown.P999,
                    pooled.Max])
                {
                    Cell(html, value, Quantity.Format(value, pooled.Unit));
                }
                Cell(html, pooled.RatePerS, Quantity.Format(pooled.RatePerS, "1/s"));
                (double low, double high) = pooled.P99OfRuns;
                Cell(html, high - low, pooled.Runs == 1 ? "1 run" : !double.IsFinite(low) ? Quantity.Format(low, pooled.Unit)
                    : $"{Quantity.Format(low, pooled.Unit)} – {Quantity.Format(high, pooled.Unit)}");
            }
            else
            {
                foreach (string _ in Columns.Skip(1)) Cell(html, double.NaN, Quantity.Format(double.NaN, ""));
            }

            html.Add($"</tr>");
        }

        CloseTable(html);
    }

    /// <summary>Counters of the whole VM, one column each, mean over the repetitions.</summary>
    private static void WriteCounters(HtmlText html, RunRecord run, Scene scene)
    {
        ILookup<(string Strategy, string Counter), CounterRow> rows = run.Counters.Where(row => row.Scene == scene
            && row.Actor.Length == 0 && !ReportKernelEvents.Shows(row)).ToLookup(row => (row.Strategy, row.Counter));
        List<(string Counter, string Unit)> counters =
            [.. rows.SelectMany(same => same).Select(row => (row.Counter, row.Unit)).DistinctBy(counter => counter.Counter)];
        if (counters.Count == 0) return;
        html.Add($"<h3>counters <span class=\"soft\">(mean of runs)</span></h3>");
        OpenTable(html, ["strategy", .. counters.Select(counter => counter.Counter.Replace('_', ' '))]);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            OpenRow(html, run, strategy);
            foreach ((string counter, string unit) in counters)
            {
                double mean = rows[(strategy, counter)].Select(row => row.Value).DefaultIfEmpty(double.NaN).Average();
                Cell(html, mean, Quantity.Format(mean, unit));
            }

            html.Add($"</tr>");
        }

        CloseTable(html);
    }

    /// <param name="look">Another class of the table; <c>words</c> for one that holds more words than numbers.</param>
    /// <param name="wordColumn">One that begins at the left among numbers; its cells have the class <c>word</c>.</param>
    internal static void OpenTable(HtmlText html, IEnumerable<string> columns, string look = "", string wordColumn = "")
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable {look}\"><thead><tr>");
        foreach (string column in columns)
        {
            html.Add($"<th scope=\"col\" class=\"{(column == wordColumn ? "word" : "")}\"><button "
                + $"type=\"button\">{column}</button></th>");
        }
        html.Add($"</tr></thead><tbody>\n");
    }

    internal static void CloseTable(HtmlText html) => html.Add($"</tbody></table></div>\n");

    internal static void OpenRow(HtmlText html, RunRecord run, string strategy)
    {
        string kind = run.IsBroken(strategy) ? "broken" : run.IsBound(strategy) ? "bound" : "";
        html.Add($"<tr class=\"{kind}\"><td data-value=\"{strategy}\">{strategy}");
        if (run.IsBroken(strategy)) html.Add($"<span class=\"mark bad\">BROKEN</span>");
        if (run.IsBound(strategy)) html.Add($"<span class=\"mark soft\">bound</span>");
        html.Add($"</td>");
    }

    internal static void Cell(HtmlText html, double value, string text)
    {
        string sortKey = double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "";
        html.Add($"<td data-value=\"{sortKey}\">{text}</td>");
    }
}
