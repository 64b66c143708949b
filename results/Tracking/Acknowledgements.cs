using System.Globalization;

namespace Lab.Results.Tracking;

/// <summary>Somebody has looked at a change and said why it may stay.</summary>
/// <param name="Commit">The first of the new level, as it was reported then.</param>
public sealed record Acknowledgement(SeriesKey Series, string Commit, string Reason, DateTimeOffset TimeUtc);

/// <summary><c>acknowledged.csv</c>, beside the history, to which rows are only added.</summary>
public sealed class AcknowledgementFile(string path)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly string[] Header =
        ["machine", "settings", "strategy", "workload", "mmu", "metric", "quantile", "unit", "commit", "reason", "time_utc"];

    private readonly AppendOnlyCsv _csv = new(path, Header);

    /// <exception cref="ResultsUnwritableException">No place, permission or space.</exception>
    /// <exception cref="ArgumentException">A line break in the reason; nothing was added.</exception>
    public void Append(Acknowledgement row)
    {
        var series = row.Series;
        _csv.Append(
        [[
            series.Machine, series.Settings, series.Strategy, series.Workload, series.Mmu, series.Metric,
            series.Quantile?.ToString("R", CultureInfo.InvariantCulture) ?? "", series.Unit, row.Commit, row.Reason,
            row.TimeUtc.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture),
        ]]);
    }

    /// <summary>Everything that can be read, and what cannot. A file that does not exist is empty.</summary>
    /// <exception cref="RunDamagedException">The file as a whole is something else.</exception>
    public (IReadOnlyList<Acknowledgement> Rows, IReadOnlyList<DamagedRow> Damaged) Read()
    {
        List<Acknowledgement> rows = [];
        List<DamagedRow> damaged = [];
        foreach (var (line, cells) in _csv.Read(damaged))
        {
            double p = 0;
            if (cells[6].Length > 0 && !(double.TryParse(cells[6], NumberStyles.Float, CultureInfo.InvariantCulture, out p) && p is >= 0 and <= 1))
                damaged.Add(new DamagedRow(path, line, $"'{cells[6]}' is not a number from 0 to 1 or nothing, which column 'quantile' needs"));
            else if (!DateTime.TryParseExact(cells[10], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
                damaged.Add(new DamagedRow(path, line, $"'{cells[10]}' is not a time like 2026-11-21T12:00:00.000Z, which column 'time_utc' needs"));
            else
                rows.Add(new Acknowledgement(new SeriesKey(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6].Length > 0 ? p : null, cells[7]), cells[8], cells[9], new DateTimeOffset(time)));
        }

        return (rows, damaged);
    }
}
