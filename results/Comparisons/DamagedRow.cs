using System.Globalization;

namespace Lab.Results.Comparisons;

/// <summary>Latencies that no clock can have measured: below zero, zero, no number, or a quantile above a higher one.</summary>
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
        if (row.Count <= 0)
        {
            return row.Count == 0 ? null
                : string.Create(CultureInfo.InvariantCulture, $"has count {row.Count}; expected 0 or more");
        }
        (string Name, double Value)[] values =
            [("min", row.Min), ("p50", row.P50), ("p90", row.P90), ("p99", row.P99), ("p99_9", row.P999), ("max", row.Max)];
        foreach ((string name, double value) in values.Append(("rate_per_s", row.RatePerS)))
        {
            if (!(value > 0 && double.IsFinite(value))) return string.Create(CultureInfo.InvariantCulture,
                $"has {name} {(double.IsNaN(value) ? "not a number" : value)}; expected a number above 0");
        }

        foreach (((string Name, double Value) lower, (string Name, double Value) higher) in values.Zip(values.Skip(1)))
        {
            if (lower.Value > higher.Value) return string.Create(CultureInfo.InvariantCulture,
                $"has {lower.Name} {lower.Value} above {higher.Name} {higher.Value}; expected quantiles in rising order");
        }

        return null;
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
