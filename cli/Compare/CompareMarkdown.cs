using Lab.Plots;
using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Cli.Compare;

/// <summary>A comparison for a pull request or a mailing list: legible as it is, lines of at most eighty columns as far as names allow.</summary>
internal static class CompareMarkdown
{
    public static void Write(ArmComparison comparison, ComparisonFolder? folder, TextWriter to)
    {
        foreach (IReadOnlyList<string> lines in CompareOutput.Preamble(comparison, folder, CompareOutput.Width - 4))
        {
            string indent = lines[0].StartsWith('-') ? "  " : "";
            to.WriteLine(indent + (indent.Length > 0 ? lines[0] : $"- {lines[0]}"));
            foreach (string rest in lines.Skip(1)) to.WriteLine($"{indent}  {rest}");
        }
        foreach (IGrouping<(Scene Scene, string Metric, string ArmB, bool Gated), ComparedRow> group in
            comparison.Rows.GroupBy(row => (row.Scene, row.Metric, row.ArmB, row.Gated)))
        {
            ComparedRow first = group.First();
            string[][] rows =
            [
                ["", first.ArmA, first.ArmB, "ratio", "interval", "verdict"],
                .. group.Select(row => new[]
                {
                    row.Quantile, Quantity.Format(row.ValueA, row.Unit), Quantity.Format(row.ValueB, row.Unit), ComparisonWords.Ratio(row),
                    ComparisonWords.Interval(row), ComparisonWords.Verdict(row, comparison.Threshold),
                }),
            ];
            int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
            to.WriteLine();
            to.WriteLine($"**{first.Scene}: {first.Metric}**{(first.Gated ? " (gated)" : "")}, {ComparisonWords.Count(first)}");
            to.WriteLine();
            to.WriteLine(Line(rows[0], widths));
            to.WriteLine($"|{string.Join('|', widths.Select((width, column) => new string('-', width + 1) + (column is > 0 and < 4 ? ":" : "-")))}|");
            foreach (string[] row in rows.Skip(1)) to.WriteLine(Line(row, widths));
        }
    }

    private static string Line(string[] cells, int[] widths) =>
        $"| {string.Join(" | ", cells.Select((cell, column) => column is > 0 and < 4 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])))} |";
}
