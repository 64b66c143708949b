using System.Diagnostics;
using System.Globalization;
using Lab.Results;
using Lab.Results.Tracking;
using Lab.Store;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>Histories of many machines as a store of Parquet files.</summary>
public sealed class HistoryStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_come_back_as_they_were_written()
    {
        HistoryStore store = new(_folder.Path);
        HistoryRow[] rows = [.. Rows(machine: 0, commit: 3, metrics: 4), .. Rows(machine: 1, commit: 4, metrics: 2)];
        foreach (IGrouping<string, HistoryRow> run in rows.GroupBy(row => row.RunId)) Write(store, run);
        Assert.Equal(rows.OrderBy(row => row.ToString()), store.Read().Rows.OrderBy(row => row.ToString()));
        Assert.All(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories), file =>
            Assert.Matches("machine=[^/]+/series=[0-9a-f]{12}/year=2026/run-[^/]+.parquet$", file));
    }

    [Fact]
    public void A_run_that_is_written_twice_is_there_once()
    {
        HistoryStore store = new(_folder.Path);
        HistoryRow[] rows = Rows(0, 1, 3);
        Write(store, rows);
        Write(store, rows);
        Assert.Equal(3, store.Read().Rows.Count);
    }

    /// <summary>The statement of docs/FLEET.md, over a million rows: one machine class of four became slower at one
    /// commit.</summary>
    [Fact]
    public void The_documented_query_names_the_commit_and_the_class_within_seconds()
    {
        HistoryStore store = new(_folder.Path);
        for (int machine = 0; machine < 4; machine++)
        {
            Write(store, [.. Enumerable.Range(0, 250).SelectMany(commit => Rows(machine, commit, metrics: 1000))]);
        }
        string page = File.ReadAllText(Path.Combine(LabProcess.Checkout, "docs", "FLEET.md"));
        string query = page.Split("```sql\n")[1].Split("```")[0];
        Assert.Equal("1000000", store.Query($"SELECT count(*) FROM {HistoryStore.View}").Rows[0][0]);
        Stopwatch watch = Stopwatch.StartNew();
        (IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string?>> found) = store.Query(query);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{watch.Elapsed.TotalSeconds:0.00} s");
        Assert.Equal(["machine", "commit", "strategy", "metric", "quantile", "ratio"], columns);
        Assert.Equal(1000, found.Count);
        Assert.All(found, row => Assert.Equal(("machine-2", Commit(100)), (row[0], row[1])));
    }

    [Fact]
    public void What_is_no_store_and_what_is_no_statement_is_said()
    {
        HistoryStore store = new(_folder.Path);
        Assert.Contains("holds no store", Assert.Throws<RunNotFoundException>(() => store.Read()).Message);
        Write(store, Rows(0, 0, 1));
        Assert.Contains("nonsense", Assert.Throws<StatementRefusedException>(() => store.Query("nonsense")).Message);
        File.WriteAllText(Directory.EnumerateFiles(_folder.Path, "*.parquet", SearchOption.AllDirectories).First(), "cut");
        Assert.Throws<RunDamagedException>(() => store.Read());
    }

    [Theory]
    [InlineData("", "takes one SELECT over 'history', and this is none")]
    [InlineData(" -- nothing", "this is none")]
    [InlineData("SELECT 1; SELECT 2", "this is 2 statements")]
    [InlineData("SELECT 1; DROP VIEW history", "only reads")]
    [InlineData("COPY history TO 'STORE/out.csv'", "only reads")]
    [InlineData("COPY (SELECT 1) TO 'STORE/out.csv'", "only reads")]
    [InlineData("CREATE TABLE t AS SELECT 1", "only reads")]
    [InlineData("DROP VIEW history", "only reads")]
    [InlineData("ATTACH 'STORE/out.db'", "only reads")]
    [InlineData("INSTALL httpfs", "only reads")]
    [InlineData("LOAD httpfs", "only reads")]
    [InlineData("SET enable_external_access = true", "only reads")]
    [InlineData("EXPORT DATABASE 'STORE/out'", "only reads")]
    [InlineData("SELECT * FROM read_text('/proc/self/environ')", "disabled")]
    [InlineData("SELECT * FROM read_csv('/etc/passwd')", "disabled")]
    [InlineData("SELECT * FROM glob('/*')", "disabled")]
    public void A_statement_that_does_more_than_read_the_store_is_refused(string sql, string why)
    {
        HistoryStore store = new(_folder.Path);
        Write(store, Rows(0, 0, 1));
        string[] Files() => [.. Directory.EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories)];
        string[] before = Files();
        string said = Assert.Throws<StatementRefusedException>(
            () => store.Query(sql.Replace("STORE", _folder.Path, StringComparison.Ordinal))).Message;
        Assert.Contains(why, said);
        Assert.DoesNotContain('\n', said);
        Assert.Equal(before, Files());
    }

    [Theory]
    [InlineData("WITH one AS (SELECT * FROM history) SELECT count(*) FROM one;", "2")]
    [InlineData("FROM history SELECT max(run)", "run-1-0")]
    [InlineData("SELECT DISTINCT year FROM history -- of the folders", "2026")]
    public void A_statement_that_reads_is_answered(string sql, string expected)
    {
        HistoryStore store = new(_folder.Path);
        foreach (int machine in (int[])[0, 1]) Write(store, Rows(machine, 0, 1));
        Assert.Equal(expected, Assert.Single(Assert.Single(store.Query(sql).Rows)));
        Assert.Empty(store.Notes);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("cut")]
    [InlineData("overwritten")]
    public void A_file_that_cannot_be_read_is_named_and_the_rest_is_read(string damage)
    {
        HistoryStore store = new(_folder.Path);
        foreach (int machine in (int[])[0, 1]) Write(store, Rows(machine, 0, 50));
        string file = Directory.EnumerateFiles(_folder.Path, "run-1-0.parquet", SearchOption.AllDirectories).Single();
        byte[] bytes = File.ReadAllBytes(file);
        Array.Fill(bytes, (byte)0xff, 4, damage == "overwritten" ? bytes.Length / 4 : 0);
        File.WriteAllBytes(file, damage == "empty" ? [] : damage == "cut" ? bytes[..(bytes.Length / 2)] : bytes);
        Assert.All(store.Read().Rows, row => Assert.Equal("run-0-0", row.RunId));
        string note = Assert.Single(store.Notes);
        Assert.StartsWith($"'{file}' cannot be read", note);
        HistoryStore asked = new(_folder.Path);
        Assert.Equal("50", asked.Query("SELECT count(DISTINCT metric || run || value) FROM history").Rows[0][0]);
        Assert.Equal(note, Assert.Single(asked.Notes));
    }

    private static void Write(HistoryStore store, IEnumerable<HistoryRow> rows) =>
        store.Write([.. rows.Select(row => new StoredRow(row, row.Strategy, 0, "clean", "e"))]);

    private static string Commit(int number) => number.ToString("x40", CultureInfo.InvariantCulture);

    /// <summary>Of one run; one machine becomes slower at commit 100.</summary>
    private static HistoryRow[] Rows(int machine, int commit, int metrics) =>
    [
        .. Enumerable.Range(0, metrics).Select(metric => new HistoryRow
        {
            Commit = Commit(commit), Machine = $"machine-{machine}", Settings = "s", Strategy = "mainline",
            Workload = "w", Mmu = "radix", Metric = $"update.m{metric}", Quantile = 0.5, Unit = "ns",
            Value = 1000 + metric + (machine == 2 && commit >= 100 ? 500 : 0) + commit % 3,
            TimeUtc = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(commit),
            RunId = $"run-{machine}-{commit}",
        }),
    ];
}
