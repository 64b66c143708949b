using System.Data.Common;
using System.Globalization;
using System.Text.Json;
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

    /// <summary>A sentence for each file that the last answer is without, because it cannot be read.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Every row that is there, as a history has them; measurements that were not clean are none of a history's. Files
    /// that cannot be read are left out with a note.</summary>
    /// <exception cref="RunNotFoundException">The folder holds no store.</exception>
    /// <exception cref="RunDamagedException">No file of it can be read, or together they are not one of a store.</exception>
    public History Read()
    {
        const string sql = "SELECT commit, machine, settings, strategy, workload, mmu, metric, quantile, unit, value, time_ms, "
            + $"run FROM {View} WHERE verdict = 'clean' ORDER BY run, strategy, workload, mmu, metric, quantile, time_ms";
        Dictionary<string, string> names = [];
        string Name(DbDataReader at, int column)
        {
            string text = at.GetString(column);
            return names.TryGetValue(text, out string? known) ? known : names[text] = text;
        }
        try
        {
            return new History(Ask(sql, at => Rows(at, () => new HistoryRow
            {
                Commit = Name(at, 0), Machine = Name(at, 1), Settings = Name(at, 2), Strategy = Name(at, 3),
                Workload = Name(at, 4), Mmu = Name(at, 5), Metric = Name(at, 6),
                Quantile = at.IsDBNull(7) ? null : at.GetDouble(7), Unit = Name(at, 8), Value = at.GetDouble(9),
                TimeUtc = DateTimeOffset.FromUnixTimeMilliseconds(at.GetInt64(10)), RunId = Name(at, 11),
            })), []);
        }
        catch (StatementRefusedException refused)
        {
            throw new RunDamagedException(root, null, refused.Message, refused);
        }
    }

    /// <summary>Answers a statement of SQL over the rows, which are the view <see cref="View"/>. It has to be one SELECT; it
    /// reaches no other file, and changes none. Files that cannot be read are left out with a note.</summary>
    /// <returns>Names of the columns, then every row's cells as text; null for none.</returns>
    /// <exception cref="RunNotFoundException">The folder holds no store.</exception>
    /// <exception cref="RunDamagedException">No file of it can be read.</exception>
    /// <exception cref="StatementRefusedException">It is something else, or DuckDB refuses it.</exception>
    public (IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string?>> Rows) Query(string sql) =>
        Ask<(IReadOnlyList<string>, IReadOnlyList<IReadOnlyList<string?>>)>(sql, at => (
            [.. Enumerable.Range(0, at.FieldCount).Select(at.GetName)],
            Rows<IReadOnlyList<string?>>(at, () => [.. Enumerable.Range(0, at.FieldCount).Select(
                column => at.IsDBNull(column) ? null : Convert.ToString(at.GetValue(column), CultureInfo.InvariantCulture))])));

    private static List<T> Rows<T>(DbDataReader at, Func<T> row)
    {
        List<T> rows = [];
        while (at.Read()) rows.Add(row());
        return rows;
    }

    private T Ask<T>(string sql, Func<DbDataReader, T> read)
    {
        IReadOnlyList<string> all = ParquetFiles.Below(root);
        if (all.Count == 0) throw new RunNotFoundException(
            $"'{root}' holds no store; 'lab export --parquet {root}' makes one.");
        string[] files = Without(all, [.. all.Where(file => !ParquetFiles.IsWhole(file))]);
        try
        {
            return Ask(files, sql, read);
        }
        catch (DuckDBException refused)
        {
            // A file that is whole at both ends may be damaged between; looking closer reads all of every file.
            string[] damaged = [.. files.Where(file => !CanBeRead(file))];
            if (damaged.Length == 0) throw new StatementRefusedException(Said(refused), refused);
            return Ask(Without(files, damaged), sql, read);
        }
    }

    private T Ask<T>(string[] files, string sql, Func<DbDataReader, T> read)
    {
        using DuckDBConnection database = new("DataSource=:memory:");
        database.Open();
        Do(database, $"CREATE VIEW {View} AS SELECT * FROM read_parquet([{string.Join(", ", files.Select(Quoted))}], "
            + "hive_partitioning = true, union_by_name = true, "
            + "hive_types = {'machine': VARCHAR, 'series': VARCHAR, 'year': INTEGER})");
        RefuseWhatDoesMoreThanRead(database, sql);
        // Functions of a SELECT read other files, too; from here on nothing can be allowed again.
        Do(database, $"SET allowed_paths = [{string.Join(", ", files.Select(Quoted))}]; SET enable_external_access = false; "
            + "SET lock_configuration = true");
        using DbCommand command = database.CreateCommand();
        command.CommandText = sql;
        using DbDataReader reader = command.ExecuteReader();
        return read(reader);
    }

    /// <summary>DuckDB itself says what a statement is: it turns those that only read, and no others, into JSON.</summary>
    private static void RefuseWhatDoesMoreThanRead(DuckDBConnection database, string sql)
    {
        using DbCommand command = database.CreateCommand();
        command.CommandText = "SELECT json_serialize_sql(CAST($1 AS VARCHAR))";
        command.Parameters.Add(new DuckDBParameter(sql));
        using JsonDocument said = JsonDocument.Parse((string)command.ExecuteScalar()!);
        if (said.RootElement.GetProperty("error").GetBoolean())
        {
            if (said.RootElement.GetProperty("error_type").GetString() != "not implemented") throw new StatementRefusedException(
                $"is refused: {OneLine(said.RootElement.GetProperty("error_message").GetString()!)}");
            throw new StatementRefusedException($"only reads: one SELECT, which may begin with WITH, over '{View}'");
        }
        int count = said.RootElement.GetProperty("statements").GetArrayLength();
        if (count != 1) throw new StatementRefusedException($"takes one SELECT over '{View}', and this is "
            + (count == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{count} statements")));
    }

    private string[] Without(IReadOnlyList<string> files, string[] damaged)
    {
        Notes = [.. Notes, .. damaged.Select(file => $"'{file}' cannot be read: it is not a whole Parquet file; left out. Delete "
            + "it and export its run again")];
        string[] left = [.. files.Except(damaged)];
        return left.Length > 0 ? left : throw new RunDamagedException(damaged[0], null,
            "is not a whole Parquet file, nor is any other of the store; expected one that 'lab export' wrote");
    }

    private static bool CanBeRead(string file)
    {
        try
        {
            using DuckDBConnection database = new("DataSource=:memory:");
            database.Open();
            using DbCommand command = database.CreateCommand();
            command.CommandText = $"SELECT * FROM read_parquet({Quoted(file)})";
            using DbDataReader reader = command.ExecuteReader();
            while (reader.Read())
            {
                // Only whether it can be.
            }
            return true;
        }
        catch (DuckDBException)
        {
            return false;
        }
    }

    private static void Do(DuckDBConnection database, string sql)
    {
        using DbCommand command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Quoted(string file) => $"'{file.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Said(DuckDBException refused) => $"is refused: {OneLine(refused.Message)}";

    /// <summary>Without the statement, in which DuckDB points at a place.</summary>
    private static string OneLine(string text) =>
        text.Split("\n\nLINE ")[0].ReplaceLineEndings(" ").TrimEnd('.', ' ');

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
