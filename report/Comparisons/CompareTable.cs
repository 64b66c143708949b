using Lab.Plots;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Report.Comparisons;

/// <summary>A comparison as plain text: a table per metric and arm, eighty columns wide.</summary>
public static class CompareTable
{
    private static readonly int[] Widths = [5, 8, 8, 5, 6, 14, 22];

    public static void Write(ArmComparison comparison, TextWriter to)
    {
        foreach (IGrouping<(Scene Scene, string Metric, string ArmB, bool Gated), ComparedRow> group in
            comparison.Rows.GroupBy(row => (row.Scene, row.Metric, row.ArmB, row.Gated)))
        {
            ComparedRow first = group.First();
            to.WriteLine();
            foreach (string line in TextGrid.Wrap($"{first.Scene}: {first.Metric}{(first.Gated ? " (gated)" : "")}, {first.ArmB} "
                + $"against {first.ArmA}, {ComparisonWords.Count(first)}", TextGrid.Width))
            {
                to.WriteLine(line);
            }
            TextGrid grid = new(
                ["", Short(first.ArmA, 1), Short(first.ArmB, 2), "ratio", first.IsPaired ? "paired" : "est.",
                    "interval", "verdict"], Widths);
            foreach (ComparedRow row in group) grid.Add(Cells(row, comparison.Threshold));
            foreach (string line in grid.Lines) to.WriteLine(line);
            foreach (string line in ComparisonWords.Notes([.. group]).SelectMany(note => TextGrid.Wrap(note, TextGrid.Width)))
            {
                to.WriteLine(line);
            }
        }
    }

    /// <summary>What every table of a comparison says of a row.</summary>
    public static string[] Cells(ComparedRow row, double threshold) =>
    [
        row.Quantile, Quantity.Format(row.Shown.A, row.Unit), Quantity.Format(row.Shown.B, row.Unit), ComparisonWords.Ratio(row),
        ComparisonWords.Estimate(row), ComparisonWords.Interval(row), ComparisonWords.Verdict(row, threshold),
    ];

    /// <summary>What fits above a column: the end, by which equal strategies and run folders differ.</summary>
    private static string Short(string label, int column) =>
        label.Length <= Widths[column] ? label : "…" + label[^(Widths[column] - 1)..];
}
