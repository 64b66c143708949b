using System.Globalization;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Report.Comparisons;

/// <summary>A comparison in the shape of mmtests' <c>compare-kernels</c>: an operation per line, an arm per column, in
/// parentheses how much better than the first (positive is better), starred where the difference is one.</summary>
public static class CompareMmtests
{
    private const int NameWidth = 22;
    private const int ValueWidth = 26;

    private static readonly (string Name, Func<IReadOnlyList<SummaryRow>, double> Of)[] OverRuns =
    [
        ("Min", rows => rows.Select(row => row.Min).DefaultIfEmpty(double.NaN).Min()),
        ("Amean", Mean),
        ("Stddev", Deviation),
        ("CoeffVar", rows => 100 * Deviation(rows) / Mean(rows)),
    ];

    public static void Write(ArmComparison comparison, TextWriter to)
    {
        foreach (IGrouping<(Scene Scene, string Metric), ComparedRow> group in comparison.Rows.GroupBy(
            row => (row.Scene, row.Metric)))
        {
            (Scene scene, string metric) = group.Key;
            IReadOnlyList<SummaryRow>[] arms =
                [.. comparison.Arms.Select(arm => (IReadOnlyList<SummaryRow>)[.. arm.Of(scene, metric).Values])];
            to.WriteLine();
            to.WriteLine($"{scene}: {metric}{(group.First().Gated ? " (decides)" : "")}; ns and 1/s, CoeffVar in %");
            to.WriteLine(new string(' ', NameWidth)
                + string.Concat(comparison.Arms.Select(arm => Cut(arm.Label).PadLeft(ValueWidth))).TrimEnd());
            foreach ((string name, Func<IReadOnlyList<SummaryRow>, double> of) in OverRuns)
            {
                Line(name, metric, [.. arms.Select(of)], better: -1, isStarred: _ => false);
            }
            foreach (IGrouping<string, ComparedRow> quantile in group.GroupBy(row => row.Quantile))
            {
                Dictionary<string, ComparedRow> byArm = quantile.ToDictionary(row => row.ArmB);
                double[] values = [quantile.First().Shown.A, .. comparison.Arms.Skip(1)
                    .Select(arm => byArm.TryGetValue(arm.Label, out ComparedRow? row) ? row.Shown.B : double.NaN)];
                Line(Name(quantile.Key), metric, values, better: quantile.Key == "rate" ? 1 : -1, index =>
                    byArm.GetValueOrDefault(comparison.Arms[index].Label)?.Answer?.Verdict is RatioVerdict.Slower
                        or RatioVerdict.Faster);
            }
        }

        void Line(string name, string metric, double[] values, int better, Func<int, bool> isStarred)
        {
            string line = Cut($"{name,-9}{metric}", NameWidth).PadRight(NameWidth);
            for (int index = 0; index < values.Length; index++)
            {
                double gain = values[index] == values[0] ? 0 : 100 * better * (values[index] - values[0]) / values[0];
                string share = double.IsFinite(gain) ? string.Create(CultureInfo.InvariantCulture, $"{gain,7:0.00}%") : "      –";
                string star = index > 0 && isStarred(index) ? "*" : " ";
                string value = double.IsNaN(values[index]) ? "–" : values[index].ToString("0.00", CultureInfo.InvariantCulture);
                line += $"{value,14} ({share}){star}".PadLeft(ValueWidth);
            }
            to.WriteLine(line.TrimEnd());
        }
    }

    private static string Name(string quantile) => quantile switch
    {
        "max" => "Max",
        "rate" => "Rate",
        _ => quantile.ToUpperInvariant(),
    };

    /// <summary>Of the runs' means: a run is one observation.</summary>
    private static double Mean(IReadOnlyList<SummaryRow> rows) => rows.Count == 0 ? double.NaN : rows.Average(row => row.Mean);

    private static double Deviation(IReadOnlyList<SummaryRow> rows)
    {
        if (rows.Count < 2) return double.NaN;
        double mean = Mean(rows);
        return Math.Sqrt(rows.Sum(row => (row.Mean - mean) * (row.Mean - mean)) / (rows.Count - 1));
    }

    private static string Cut(string text, int width = ValueWidth - 2) =>
        text.Length <= width ? text : "…" + text[^(width - 1)..];
}
