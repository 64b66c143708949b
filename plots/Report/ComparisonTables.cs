using System.Globalization;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Plots;

/// <summary>The comparison report's tables: one per metric and arm, a line per quantile.</summary>
internal static class ComparisonTables
{
    /// <summary>Of one metric in one scene, an arm after the other.</summary>
    internal static void Write(HtmlText html, ArmComparison comparison, Scene scene, string metric)
    {
        foreach (IGrouping<string, ComparedRow> group in comparison.Rows.Where(row => row.Scene == scene && row.Metric == metric)
            .GroupBy(row => row.ArmB))
        {
            Write(html, comparison, [.. group]);
        }
    }

    private static void Write(HtmlText html, ArmComparison comparison, IReadOnlyList<ComparedRow> rows)
    {
        (string a, string b) = (rows[0].ArmA, rows[0].ArmB);
        bool isBothWays = rows.Any(row => double.IsFinite(row.UndisturbedA) || double.IsFinite(row.UndisturbedB));
        UndisturbedRow[][] left = [.. comparison.Arms.Where(arm => arm.Label == a || arm.Label == b)
            .Select(arm => arm.UndisturbedOf(rows[0].Scene, rows[0].Metric).Select(one => one.Row).ToArray())];
        html.Add($"<h4>{b} against {a} <span class=\"soft\">({ComparisonWords.Count(rows[0])})</span></h4>");
        ReportTables.OpenTable(html, ["quantile", a, b, "ratio", ComparisonWords.EstimateName(rows[0]), "interval", "verdict",
            .. isBothWays
                ? (string[])[$"{a} without tagged samples", $"{b} without tagged samples", "ratio without tagged"] : []],
            wordColumn: "verdict");
        foreach (ComparedRow row in rows)
        {
            (string mark, string cssClass, int order) = Mark(row.Answer);
            // Where the verdict's own column is scrolled out of sight, its mark stands beside the name.
            html.Add($"<tr><td data-value=\"{Order(row.Quantile)}\">{row.Quantile}<span class=\"verdict-mark narrow "
                + $"{cssClass}\">{mark}</span></td>");
            ReportTables.Cell(html, row.Shown.A, Quantity.Format(row.Shown.A, row.Unit));
            ReportTables.Cell(html, row.Shown.B, Quantity.Format(row.Shown.B, row.Unit));
            ReportTables.Cell(html, row.RatioOfValues, ComparisonWords.Ratio(row));
            ReportTables.Cell(html, row.Answer?.Ratio ?? double.NaN, ComparisonWords.Estimate(row));
            ReportTables.Cell(html, row.Answer?.Interval.Low ?? double.NaN, ComparisonWords.Interval(row));
            html.Add($"<td class=\"word\" data-value=\"{order}\"><span class=\"verdict-mark {cssClass}\">{mark}</span> "
                + $"{ComparisonWords.Verdict(row, comparison.Threshold)}</td>");
            if (isBothWays)
            {
                (double restA, double restB) = row.UndisturbedShown;
                ReportTables.Cell(html, restA, Quantity.Format(restA, row.Unit));
                ReportTables.Cell(html, restB, Quantity.Format(restB, row.Unit));
                double ratio = row.UndisturbedRatio;
                ReportTables.Cell(html, ratio,
                    double.IsFinite(ratio) ? ratio.ToString("0.000", CultureInfo.InvariantCulture) : "–");
            }

            html.Add($"</tr>");
        }

        ReportTables.CloseTable(html);
        if (isBothWays)
        {
            List<string> tagged = [.. left.Zip([a, b], (one, label) => one.Length == 0 ? $"{label} was not watched"
                : $"{Quantity.Count(one.Sum(row => row.Tagged))} of "
                    + $"{Quantity.Count(one.Sum(row => row.Tagged + row.Count))} of {label}")];
            html.Add($"<p class=\"soft\">Tagged samples, which a located disturbance overlapped: {string.Join(", ", tagged)}. "
                + $"They are in all other columns and in the figures.</p>");
        }

        foreach (string note in ComparisonWords.Notes(rows)) html.Add($"<p class=\"soft\">{note}</p>");
    }

    /// <summary>A sign that says it without colour.</summary>
    private static (string Mark, string Class, int Order) Mark(Comparison? answer) => answer?.Verdict switch
    {
        RatioVerdict.Slower => ("▲", "bad", 4),
        RatioVerdict.Faster => ("▼", "good", 1),
        RatioVerdict.Equivalent => ("=", "good", 2),
        RatioVerdict.Inconclusive => ("?", "warn", 3),
        _ => ("", "soft", 5),
    };

    /// <summary>Quantiles as they rise, then the rest.</summary>
    private static double Order(string quantile) => quantile switch
    {
        "max" => 100,
        "rate" => 101,
        _ => double.Parse(quantile.AsSpan(1), CultureInfo.InvariantCulture),
    };
}
