using System.Globalization;

namespace Lab.Results.Comparisons;

/// <summary>Latencies of zero, which no clock can have measured and which have no ratio.</summary>
internal static class DamagedRow
{
    /// <summary>A sentence with file, line and what was expected; null if the repetition's latencies can be.</summary>
    internal static string? Find(RunRecord record, string strategy, int repetition)
    {
        foreach (SummaryRow row in record.Summary)
        {
            if (row.Strategy != strategy || row.Run != repetition || row.Unit != "ns"
                || row.Metric.Contains(".phase.", StringComparison.Ordinal))
            {
                continue;
            }
            if (Why(row) is { } why) return string.Create(CultureInfo.InvariantCulture,
                $"'{Path.Combine(record.Folder, "summary.csv")}', line {LineOf(record, row)}: {row.Metric} {why}");
        }

        return null;
    }

    private static string? Why(SummaryRow row)
    {
        (string Name, double Value)[] values = [("min", row.Min), ("p50", row.P50), ("rate_per_s", row.RatePerS)];
        (string Name, double Value) zero = values.FirstOrDefault(one => row.Count > 0 && one.Value == 0);
        return zero.Name is null ? null : $"has {zero.Name} 0; expected a number above 0";
    }

    /// <summary>Found by reading the file once more: only damage pays for it.</summary>
    private static int LineOf(RunRecord record, SummaryRow row)
    {
        string start =
            string.Create(CultureInfo.InvariantCulture, $"{row.Strategy},{row.Workload},{row.Mmu},{row.Run},{row.Metric},");
        (int Index, string Item) line = File.ReadLines(Path.Combine(record.Folder, "summary.csv")).Index()
            .FirstOrDefault(one => one.Item.StartsWith(start, StringComparison.Ordinal));
        return line.Index + 1;
    }
}
