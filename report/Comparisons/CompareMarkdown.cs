using Lab.Plots;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Report.Comparisons;

/// <summary>A comparison for a pull request or a mailing list: legible as it is, lines of at most eighty columns as far as names
/// allow.</summary>
public static class CompareMarkdown
{
    public static void Write(ArmComparison comparison, ComparisonFolder? folder, TextWriter to)
    {
        foreach (IReadOnlyList<string> lines in CompareOutput.Preamble(comparison, folder, TextGrid.Width - 4))
        {
            string indent = lines[0].StartsWith('-') ? "  " : "";
            to.WriteLine(indent + (indent.Length > 0 ? lines[0] : $"- {lines[0]}"));
            foreach (string rest in lines.Skip(1)) to.WriteLine($"{indent}  {rest}");
        }
        foreach (IGrouping<(Scene Scene, string Metric, string ArmB, bool Gated), ComparedRow> group in
            comparison.Rows.GroupBy(row => (row.Scene, row.Metric, row.ArmB, row.Gated)))
        {
            ComparedRow first = group.First();
            TextTable table = new(
                $"**{first.Scene}: {first.Metric}**{(first.Gated ? " (gated)" : "")}, {ComparisonWords.Count(first)}",
                [new(""), .. Column.Numbers(first.ArmA, first.ArmB, "ratio", ComparisonWords.EstimateName(first)),
                    .. Column.Texts("interval", "verdict")],
                [.. group.Select(row => CompareTable.Cells(row, comparison.Threshold))]);
            to.WriteLine();
            to.WriteLine(table.Title);
            to.WriteLine();
            foreach (string line in table.Markdown(isLegible: true)) to.WriteLine(line);
        }
    }
}
