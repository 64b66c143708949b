using System.Globalization;
using System.Text;
using Lab.Results;
using Lab.Results.HdrLog;

namespace Lab.Plots;

/// <summary>A histogram log, the lab's own or another program's, as one page: percentiles of each tag, and the tags one over the
/// other.</summary>
public static class HdrLogReport
{
    /// <summary>Nobody can tell apart more lines than there are colours; the rest is in the table.</summary>
    public static int LinesMost => Tone.SeriesCount;

    private static readonly (string Name, double P)[] Columns =
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

    /// <summary>A tag with all its intervals added up.</summary>
    /// <param name="Intervals">How many there are of it.</param>
    public sealed record TagTotal(string Tag, string Unit, int Intervals, IReadOnlyList<Bucket> Buckets)
    {
        public long Count => Quantiles.Count(Buckets);

        /// <summary>The quantile where it is shown, else not a number.</summary>
        public double Shown(double p) => Quantiles.Shown(Quantiles.At(Buckets, p), Count, p);

        /// <summary>The middle of the highest bucket with a sample; not a number without any.</summary>
        public double Max => Buckets.Count == 0 ? double.NaN : Buckets[^1].Midpoint;
    }

    /// <summary>In the order of first appearance.</summary>
    public static IReadOnlyList<TagTotal> Totals(IReadOnlyList<NamedHistogram> log) =>
    [
        .. log.GroupBy(one => one.Tag).Select(tag => new TagTotal(
            tag.Key.Length == 0 ? "(no tag)" : tag.Key, tag.First().Unit, tag.Count(),
            Buckets.Merge(tag.SelectMany(one => one.Buckets)))),
    ];

    /// <exception cref="ResultsUnwritableException">An older report of that name is still whole.</exception>
    public static void Write(IReadOnlyList<NamedHistogram> log, string source, string path)
    {
        byte[] html = Encoding.UTF8.GetBytes(Render(log, source));
        StagedFiles.WriteOne(path, to => to.Write(html));
    }

    public static string Render(IReadOnlyList<NamedHistogram> log, string source)
    {
        IReadOnlyList<TagTotal> totals = Totals(log);
        ReportPage page = new($"lab histogram log {source}");
        page.Head.Add($"<h1>lab histogram log</h1><p class=\"soft\">{source}</p>");
        page.Head.Add($"<p class=\"verdict\">"
            + $"{string.Create(CultureInfo.InvariantCulture, $"{log.Count:N0} intervals under {totals.Count} tags, {totals.Sum(tag => tag.Count):N0} samples.")}</p>\n");
        page.Section("tags", "Tags", "tags");
        WriteTable(page.Body, totals);
        page.Section("percentiles", "Latency by percentile", "percentiles");
        page.Figure(Draw(totals, source));
        if (totals.Count > LinesMost)
        {
            page.Body.Add($"<p>The first {LinesMost} of {totals.Count} tags are drawn; all are in the table.</p>\n");
        }
        return page.Finish();
    }

    /// <summary>The tags one over the other, as many as there are colours.</summary>
    public static Plot Draw(IReadOnlyList<TagTotal> totals, string source)
    {
        Plot plot = new()
        {
            Title = "latency by percentile",
            Subtitle = "all intervals of a tag merged · lower is better · dotted: fewer than "
                + $"{Quantiles.BeyondMin} samples lie beyond",
            Description = $"For each tag of {source}, the value that a given share of samples does not exceed. Both axes "
                + "are logarithmic.",
            Height = 620,
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Left.Unit = totals.Count > 0 ? totals[0].Unit : "ns";
        plot.Bottom.Scale = Scale.Percentile;
        plot.Bottom.Label = "percentile of samples";
        plot.IsLegendBelow = true;
        foreach ((int index, TagTotal tag) in totals.Take(LinesMost).Index())
        {
            LatencyByPercentileFigure.AddSpectrum(plot, Quantiles.Spectrum(tag.Buckets), new Look(Tone.Series(index), tag.Tag)
                { Pattern = index % 2 == 0 ? LinePattern.Solid : LinePattern.Dashed });
        }

        return plot;
    }

    private static void WriteTable(HtmlText html, IReadOnlyList<TagTotal> totals)
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr>");
        foreach (string heading in (string[])["tag", "intervals", "samples", .. Columns.Select(column => column.Name), "max"])
        {
            html.Add($"<th><button>{heading}</button></th>");
        }
        html.Add($"</tr></thead><tbody>");
        foreach (TagTotal tag in totals)
        {
            html.Add($"<tr><td class=\"word\" data-value=\"{tag.Tag}\">{tag.Tag}</td><td data-value=\"{tag.Intervals}\">"
                + $"{tag.Intervals}</td><td data-value=\"{tag.Count}\">{Quantity.Count(tag.Count)}</td>");
            foreach (double value in Columns.Select(column => tag.Shown(column.P)).Append(tag.Max))
            {
                ReportTables.Cell(html, value, Quantity.Format(value, tag.Unit));
            }
            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>\n");
    }
}
