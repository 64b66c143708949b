using System.Data.Common;
using System.Globalization;
using DuckDB.NET.Data;
using Lab.Results;
using Lab.Results.Tracking;
using Parquet;
using Parquet.Schema;

namespace Lab.Store;

/// <summary>Numbers of many machines' runs as Parquet files below one folder: <c>machine=…/series=…/year=…/RUN.parquet</c>. A
/// file is written whole and never changed, so any number of machines may write to one folder. The run folders are the truth: a
/// store can be deleted and made again from them.</summary>
public sealed class HistoryStore(string root)
{
    /// <summary>By which name a query finds the rows.</summary>
    public const string View = "history";

    private static readonly DataField<string> Commit = new("commit"), Settings = new("settings"), Strategy = new("strategy"),
        Workload = new("workload"), Mmu = new("mmu"), Metric = new("metric"), Unit = new("unit"), Run = new("run"),
        Arm = new("arm"), Verdict = new("verdict"), Environment = new("environment");

    private static readonly DataField<double?> Quantile = new("quantile");
    private static readonly DataField<double> Value = new("value");
    private static readonly DataField<int> Block = new("block");

    /// <summary>Milliseconds since 1970.</summary>
    private static readonly DataField<long> Time = new("time_ms");

    private static readonly ParquetSchema Schema = new(Commit, Settings, Strategy, Workload, Mmu, Metric, Quantile, Value, Unit,
        Run, Arm, Block, Verdict, Environment, Time);

    /// <summary>Writes a run's rows, a file per partition; the same run again replaces its files.</summary>
    /// <returns>The files.</returns>
    /// <exception cref="ResultsUnwritableException">No place, permission or space.</exception>
    public IReadOnlyList<string> Write(IReadOnlyList<StoredRow> rows)
    {
        List<string> files = [];
        foreach (IGrouping<string, StoredRow> part in rows.GroupBy(row => Path.Combine(
            $"machine={row.Row.Machine}", $"series={row.Series}",
            string.Create(CultureInfo.InvariantCulture, $"year={row.Row.TimeUtc.Year}"),
            $"{row.Row.RunId.Replace('/', '+')}.parquet")))
        {
            string path = Path.Combine(root, part.Key);
            using MemoryStream bytes = new();
            WriteTo(bytes, [.. part]).GetAwaiter().GetResult();
            StagedFiles.WriteOne(path, to => bytes.WriteTo(to));
            files.Add(path);
        }
        return files;
    }

    /// <summary>Every row that is there, as a history has them; measurements that were not clean are none of
    /// a history's.</summary>
    /// <exception cref="RunNotFoundException">The folder holds no store.</exception>
    /// <exception cref="RunDamagedException">A file is not one of a store.</exception>
    public History Read()
    {
        List<HistoryRow> rows = [];
        Dictionary<string, string> names = [];
        string Name(DbDataReader at, int column)
        {
            string text = at.GetString(column);
            return names.TryGetValue(text, out string? known) ? known : names[text] = text;
        }
        Ask($"SELECT commit, machine, settings, strategy, workload, mmu, metric, quantile, unit, value, time_ms, run FROM {View} "
            + "WHERE verdict = 'clean' ORDER BY run, strategy, workload, mmu, metric, quantile, time_ms",
            at => rows.Add(new HistoryRow
        {
            Commit = Name(at, 0), Machine = Name(at, 1), Settings = Name(at, 2), Strategy = Name(at, 3), Workload = Name(at, 4),
            Mmu = Name(at, 5), Metric = Name(at, 6), Quantile = at.IsDBNull(7) ? null : at.GetDouble(7), Unit = Name(at, 8),
            Value = at.GetDouble(9), TimeUtc = DateTimeOffset.FromUnixTimeMilliseconds(at.GetInt64(10)), RunId = Name(at, 11),
        }));
        return new History(rows, []);
    }

    /// <summary>Answers a statement of SQL over the rows, which are the view <see cref="View"/>.</summary>
    /// <returns>Names of the columns, then every row's cells as text; null for none.</returns>
    /// <exception cref="RunNotFoundException">The folder holds no store.</exception>
    /// <exception cref="RunDamagedException">DuckDB refuses the statement, or a file is not one of a store.</exception>
    public (IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string?>> Rows) Query(string sql)
    {
        string[] columns = [];
        List<IReadOnlyList<string?>> rows = [];
        Ask(sql, at => rows.Add([.. Enumerable.Range(0, at.FieldCount).Select(
            column => at.IsDBNull(column) ? null : Convert.ToString(at.GetValue(column), CultureInfo.InvariantCulture))]),
            at => columns = [.. Enumerable.Range(0, at.FieldCount).Select(at.GetName)]);
        return (columns, rows);
    }

    private void Ask(string sql, Action<DbDataReader> row, Action<DbDataReader>? first = null)
    {
        if (!Directory.Exists(root) || !Directory.EnumerateFiles(root, "*.parquet", SearchOption.AllDirectories).Any())
        {
            throw new RunNotFoundException($"'{root}' holds no store; 'lab export --parquet {root}' makes one.");
        }
        try
        {
            using DuckDBConnection database = new("DataSource=:memory:");
            database.Open();
            using DbCommand command = database.CreateCommand();
            command.CommandText = $"CREATE VIEW {View} AS SELECT * FROM read_parquet('{Path.Combine(root, "*/*/*/*.parquet")
                .Replace("'", "''", StringComparison.Ordinal)}', hive_partitioning = true, union_by_name = true, "
                + "hive_types = {'machine': VARCHAR, 'series': VARCHAR, 'year': INTEGER})";
            command.ExecuteNonQuery();
            command.CommandText = sql;
            using DbDataReader reader = command.ExecuteReader();
            first?.Invoke(reader);
            while (reader.Read()) row(reader);
        }
        catch (DuckDBException refused)
        {
            throw new RunDamagedException(root, null, refused.Message.ReplaceLineEndings(" "), refused);
        }
    }

    private static async Task WriteTo(Stream to, StoredRow[] rows)
    {
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(Schema, to).ConfigureAwait(false);
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        async Task Texts(DataField field, Func<StoredRow, string> of) =>
            await group.WriteAsync(field, [.. rows.Select(of)]).ConfigureAwait(false);
        async Task Numbers<T>(DataField field, Func<StoredRow, T> of)
            where T : struct => await group.WriteAsync<T>(field, (T[])[.. rows.Select(of)]).ConfigureAwait(false);
        await Texts(Commit, row => row.Row.Commit).ConfigureAwait(false);
        await Texts(Settings, row => row.Row.Settings).ConfigureAwait(false);
        await Texts(Strategy, row => row.Row.Strategy).ConfigureAwait(false);
        await Texts(Workload, row => row.Row.Workload).ConfigureAwait(false);
        await Texts(Mmu, row => row.Row.Mmu).ConfigureAwait(false);
        await Texts(Metric, row => row.Row.Metric).ConfigureAwait(false);
        await group.WriteAsync<double>(Quantile, (double?[])[.. rows.Select(row => row.Row.Quantile)]).ConfigureAwait(false);
        await Numbers(Value, row => row.Row.Value).ConfigureAwait(false);
        await Texts(Unit, row => row.Row.Unit).ConfigureAwait(false);
        await Texts(Run, row => row.Row.RunId).ConfigureAwait(false);
        await Texts(Arm, row => row.Arm).ConfigureAwait(false);
        await Numbers(Block, row => row.Block).ConfigureAwait(false);
        await Texts(Verdict, row => row.Verdict).ConfigureAwait(false);
        await Texts(Environment, row => row.Environment).ConfigureAwait(false);
        await Numbers(Time, row => row.Row.TimeUtc.ToUnixTimeMilliseconds()).ConfigureAwait(false);
    }
}
