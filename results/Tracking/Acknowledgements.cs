namespace Lab.Results.Tracking;

/// <summary>Somebody has looked at a change and said why it is acceptable.</summary>
/// <param name="Commit">The first of the new level, as it was reported then.</param>
public sealed record Acknowledgement(SeriesKey Series, string Commit, string Reason, DateTimeOffset TimeUtc);

/// <summary><c>acknowledged.csv</c>, beside the history, to which rows are only added.</summary>
public sealed class AcknowledgementFile(string path)
{
    private static readonly string[] Header =
        ["machine", "settings", "strategy", "workload", "mmu", "metric", "quantile", "unit", "commit", "reason", "time_utc"];

    private readonly AppendOnlyCsv _csv = new(path, Header);

    /// <exception cref="ResultsUnwritableException">No place, permission or space.</exception>
    /// <exception cref="ArgumentException">A line break in the reason; nothing was added.</exception>
    public void Append(Acknowledgement row)
    {
        SeriesKey series = row.Series;
        _csv.Append(
        [[
            series.Machine, series.Settings, series.Strategy, series.Workload, series.Mmu, series.Metric,
            TrackedCells.Format(series.Quantile), series.Unit, row.Commit, row.Reason, TrackedCells.Format(row.TimeUtc),
        ]]);
    }

    /// <summary>Everything that can be read, and what cannot. A file that does not exist is empty.</summary>
    /// <exception cref="RunDamagedException">The file as a whole is something else.</exception>
    public (IReadOnlyList<Acknowledgement> Rows, IReadOnlyList<DamagedRow> Damaged) Read()
    {
        List<Acknowledgement> rows = [];
        List<DamagedRow> damaged = [];
        foreach ((long line, string[] cells) in _csv.Read(damaged))
        {
            DateTimeOffset time = default;
            string? why = TrackedCells.ReadQuantile(cells[6], out double? quantile)
                ?? TrackedCells.ReadNames(Header, cells, 0, 1, 2, 3, 4)
                ?? TrackedCells.ReadMetric(cells[5])
                ?? TrackedCells.ReadUnit(cells[7]) ?? TrackedCells.ReadPoint(cells[8])
                ?? TrackedCells.ReadTime(cells[10], out time);
            if (why is null) rows.Add(new Acknowledgement(Series(cells, quantile), cells[8], cells[9], time));
            else damaged.Add(new DamagedRow(path, line, why));
        }

        return (rows, damaged);
    }

    private static SeriesKey Series(string[] cells, double? quantile) =>
        new(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], quantile, cells[7]);
}
