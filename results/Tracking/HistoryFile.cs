namespace Lab.Results.Tracking;

/// <summary>One metric of one run at one commit.</summary>
public sealed record HistoryRow
{
    public required string Commit { get; init; }

    /// <summary>See <see cref="Fingerprint"/>: numbers of different machines are different series.</summary>
    public required string Machine { get; init; }

    /// <summary>Likewise of the settings that a run was made with.</summary>
    public required string Settings { get; init; }

    public required string Strategy { get; init; }
    public required string Workload { get; init; }
    public required string Mmu { get; init; }
    public required string Metric { get; init; }

    /// <summary>0 … 1; null for a metric that has none: a rate, a counter.</summary>
    public double? Quantile { get; init; }

    public required string Unit { get; init; }
    public double Value { get; init; }

    /// <summary>When it was measured; puts the rows of a series in order.</summary>
    public DateTimeOffset TimeUtc { get; init; }

    /// <summary>The run's; one that is part of a comparison has that one's and a slash in front. See
    /// <see cref="Session"/>.</summary>
    public required string RunId { get; init; }

    /// <summary>What was measured together and is correlated: a comparison, whose runs are named <c>COMPARISON/RUN</c>, or a run
    /// by itself.</summary>
    public string Session => RunId.Split('/')[0];

    public SeriesKey Series => new(Machine, Settings, Strategy, Workload, Mmu, Metric, Quantile, Unit);
}

/// <summary>What must be equal for two numbers to belong to one series.</summary>
public readonly record struct SeriesKey(
    string Machine, string Settings, string Strategy, string Workload, string Mmu, string Metric, double? Quantile, string Unit)
{
    public override string ToString() =>
        FormattableString.Invariant($"{Strategy} · {Workload} on {Mmu} · {Metric}{Tail} on {Machine}");

    private string Tail => Quantile is { } p ? FormattableString.Invariant($" p{100 * p:0.####}") : "";
}

/// <summary>What a history file holds, whole rows only, in the file's order.</summary>
public sealed record History(IReadOnlyList<HistoryRow> Rows, IReadOnlyList<DamagedRow> Damaged);

/// <summary><c>history.csv</c>: every number that was ever tracked, a row each, to which rows are only added.</summary>
public sealed class HistoryFile(string path)
{
    private static readonly string[] Header = ["commit", "machine", "settings", "strategy", "workload", "mmu", "metric",
        "quantile", "unit", "value", "time_utc", "run_id"];

    private readonly AppendOnlyCsv _csv = new(path, Header);

    /// <summary>Adds all rows or none that a reader would take for whole, also while others add theirs.</summary>
    /// <exception cref="ResultsUnwritableException">No place, permission or space.</exception>
    /// <exception cref="ArgumentException">A name with a line break, a value or quantile that is not a number; nothing was
    /// added.</exception>
    public void Append(IReadOnlyList<HistoryRow> rows)
    {
        RefuseBad(rows);
        _csv.Append([.. rows.Select(Cells)]);
    }

    /// <summary>As <see cref="Append"/>, but leaves out numbers that are there already: those of the same series and run,
    /// whatever commit they were given then. The repetitions of a run come in one call.</summary>
    /// <returns>What was added.</returns>
    /// <exception cref="ResultsUnwritableException">As above.</exception>
    /// <exception cref="ArgumentException">As above.</exception>
    /// <exception cref="RunDamagedException">The file is something else; nothing was added.</exception>
    public IReadOnlyList<HistoryRow> AppendNew(IReadOnlyList<HistoryRow> rows)
    {
        RefuseBad(rows);
        string[][] cells = [.. rows.Select(Cells)];
        HashSet<object?> added = _csv.AppendNew(cells, Identity).ToHashSet(ReferenceEqualityComparer.Instance);
        return [.. rows.Where((_, index) => added.Contains(cells[index]))];
    }

    /// <summary>Everything that can be read. A file that does not exist is an empty history.</summary>
    /// <exception cref="RunDamagedException">The file as a whole is something else.</exception>
    public History Read()
    {
        List<HistoryRow> rows = [];
        List<DamagedRow> damaged = [];
        Dictionary<string, string> names = new(); // Names repeat on every row.
        Repetitions before = new();
        foreach ((long line, string[] cells) in _csv.Read(damaged))
        {
            string? why = Parse(cells, names, out HistoryRow? row) ?? before.WhyRepeated(line, row!);
            if (why is null) rows.Add(row!);
            else damaged.Add(new DamagedRow(path, line, why));
        }

        return new History(rows, damaged);
    }

    /// <summary>Whether a point may be called so.</summary>
    public static bool IsPoint(string commit) => TrackedCells.IsPoint(commit);

    private static void RefuseBad(IReadOnlyList<HistoryRow> rows)
    {
        if (rows.FirstOrDefault(row => !TrackedCells.IsPoint(row.Commit)) is { } nameless)
        {
            throw new ArgumentException($"'{Domain.Shorten(nameless.Commit)}' is not {TrackedCells.PointWords}.");
        }
        if (rows.FirstOrDefault(row => !Units.IsKnown(row.Unit)) is { } odd)
        {
            throw new ArgumentException($"{odd.Series} is in '{Domain.Shorten(odd.Unit)}', which is not {Units.Words}.");
        }
        if (rows.FirstOrDefault(row => !TrackedCells.IsValue(row.Value) || !(row.Quantile is null or (>= 0 and <= 1))) is { } bad)
        {
            throw new ArgumentException($"{bad.Series} has the value {bad.Value}, which cannot be kept.", nameof(rows));
        }
    }

    /// <summary>All but commit, value and time.</summary>
    private static string Identity(string[] cells) => string.Join('\n', [.. cells[1..9], cells[11]]);

    private static string[] Cells(HistoryRow row) =>
    [
        row.Commit, row.Machine, row.Settings, row.Strategy, row.Workload, row.Mmu, row.Metric,
        TrackedCells.Format(row.Quantile), row.Unit, TrackedCells.Format(row.Value), TrackedCells.Format(row.TimeUtc), row.RunId,
    ];

    private static string? Parse(string[] cells, Dictionary<string, string> names, out HistoryRow? row)
    {
        row = null;
        double value = 0;
        double? quantile = null;
        DateTimeOffset time = default;
        string? why = TrackedCells.ReadPoint(cells[0]) ?? TrackedCells.ReadQuantile(cells[7], out quantile)
            ?? TrackedCells.ReadNames(Header, cells, 1, 2, 3, 4, 5, 11)
            ?? TrackedCells.ReadMetric(cells[6])
            ?? TrackedCells.ReadUnit(cells[8])
            ?? TrackedCells.ReadValue(cells[9], out value)
            ?? TrackedCells.ReadTime(cells[10], out time);
        if (why is not null) return why;
        row = new HistoryRow
        {
            Commit = Pool(0), Machine = Pool(1), Settings = Pool(2), Strategy = Pool(3), Workload = Pool(4), Mmu = Pool(5),
            Metric = Pool(6),
            Quantile = quantile, Unit = Pool(8), Value = value, TimeUtc = time, RunId = Pool(11),
        };
        return null;

        string Pool(int column)
        {
            if (names.TryGetValue(cells[column], out string? pooled)) return pooled;
            return names[cells[column]] = cells[column];
        }
    }
}

/// <summary>Rows that a file has twice, as copies and merges leave them. A run's rows are added together, each number once for a
/// repetition: the same number next to itself, or again behind rows of other runs, is the same row.</summary>
internal sealed class Repetitions
{
    private readonly Dictionary<(SeriesKey, string), long> _lines = [];
    private readonly Dictionary<(SeriesKey, string), long> _ofRun = [];
    private (long Line, HistoryRow Row)? _last;

    /// <summary>Null for a row that was not there yet.</summary>
    internal string? WhyRepeated(long line, HistoryRow row)
    {
        if (_last?.Row.RunId != row.RunId)
        {
            foreach (((SeriesKey, string) one, long at) in _ofRun) _lines.TryAdd(one, at);
            _ofRun.Clear();
        }
        (SeriesKey, string) identity = (row.Series, row.RunId);
        long? before = _lines.TryGetValue(identity, out long there) ? there
            : _last is { } last && last.Row == row ? last.Line : null;
        if (before is null) _ofRun.TryAdd(identity, line);
        _last = (line, row);
        return before is null ? null : FormattableString.Invariant(
            $"'{Domain.Shorten(row.RunId)}' in column 'run_id' has this number already, in line {before}; expected it once");
    }
}
