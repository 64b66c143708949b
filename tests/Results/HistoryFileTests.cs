using Lab.Results;
using Lab.Results.Tracking;
using Xunit;

namespace Lab.Tests.Results;

public sealed class HistoryFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => Path.Combine(_folder.Path, "tracked", "history.csv");

    private HistoryFile File => new(FilePath);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_appended_is_read_back()
    {
        HistoryRow[] rows =
        [
            TrackerTests.Row(0, 1.0 / 3), TrackerTests.Row(1, 2e17) with
                { Quantile = null, Unit = "1/s", Strategy = "my, \"own\"" },
            TrackerTests.Row(2, 0.5) with { Commit = "6.12.48+deb13-amd64" },
        ];
        File.Append(rows[..1]);
        File.Append(rows[1..]);
        History history = File.Read();
        Assert.Equal(rows, history.Rows);
        Assert.Empty(history.Damaged);
        Assert.StartsWith("commit,machine,settings,strategy,workload,mmu,metric,quantile,unit,value,time_utc,run_id\n",
            System.IO.File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_file_there_is_no_history_and_nothing_is_damaged() => Assert.Empty(File.Read().Rows);

    [Theory]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns", "9 cells, not the 12")]
    [InlineData("c,m,s,strategy,w,mmu,update,p99,ns,1,2026-11-21T12:00:00.000Z,r",
        "'p99' is not a number from 0 to 1 or nothing")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns,fast,2026-11-21T12:00:00.000Z,r",
        "'fast' is not 0 or a number from 10^-9 to 10^18")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns,NaN,2026-11-21T12:00:00.000Z,r", "'NaN' is not 0 or a number")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns,1,yesterday,r", "'yesterday' is not a time like 2026-11-21T12:00:00.000Z")]
    [InlineData("\"c,m,s,strategy,w,mmu,update,0.99,ns,1,2026-11-21T12:00:00.000Z,r", "a quote is not closed")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns,1,2026-11-21T12:00:00.000Z,r\0", "a control character")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns,-5.0,2026-11-21T12:00:00.000Z,r",
        "'-5.0' is not 0 or a number from 10^-9 to 10^18, which column 'value' needs")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,furlong,1,2026-11-21T12:00:00.000Z,r",
        "'furlong' is not a unit (ns, 1/s, count, bytes, pages, roots, number), which column 'unit' needs")]
    [InlineData(",m,s,strategy,w,mmu,update,0.99,ns,1,2026-11-21T12:00:00.000Z,r",
        "'' is not a commit's hash, or a version such as 6.18.5-amd64, which column 'commit' needs")]
    [InlineData("no commit,m,s,strategy,w,mmu,update,0.99,ns,1,2026-11-21T12:00:00.000Z,r", "which column 'commit' needs")]
    [InlineData("-5,m,s,strategy,w,mmu,update,0.99,ns,1,2026-11-21T12:00:00.000Z,r", "which column 'commit' needs")]
    [InlineData("000000000000000000000000000000000000000x,m,s,strategy,w,mmu,update,0.99,ns,1,2026-11-21T12:00:00.000Z,r",
        "which column 'commit' needs")]
    [InlineData("c,m,s,strategy,w,mmu,update,0.99,ns,1,9999-11-21T12:00:00.000Z,r",
        "'9999-11-21T12:00:00.000Z' is not a time from 1970 to 2200, which column 'time_utc' needs")]
    [InlineData("", "1 cells, not the 12")]
    public void A_damaged_row_is_reported_with_its_line_and_the_others_load(string damaged, string why)
    {
        File.Append([TrackerTests.Row(0, 1)]);
        System.IO.File.AppendAllText(FilePath, damaged + "\n");
        File.Append([TrackerTests.Row(1, 2)]);
        History history = File.Read();
        Assert.Equal([1.0, 2.0], history.Rows.Select(row => row.Value));
        DamagedRow row = Assert.Single(history.Damaged);
        Assert.Equal((FilePath, 3), (row.File, row.Line));
        Assert.Contains(why, row.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("6.12.48+deb13-amd64")]
    [InlineData("6.12.0-124.8.1.el10_1.x86_64+debug-build-of-somebody")]
    [InlineData("0123456789abcdef0123456789abcdef01234567")]
    [InlineData("0123456789abcdef0123456789abcdef01234567-dirty")]
    [InlineData("origin/main~3")]
    public void What_track_can_call_a_point_is_a_commit(string point)
    {
        File.Append([TrackerTests.Row(0, 1) with { Commit = point }]);
        Assert.Empty(File.Read().Damaged);
    }

    [Fact]
    public void A_row_that_is_there_twice_counts_once_and_equal_repetitions_of_a_run_count_each()
    {
        HistoryRow update = TrackerTests.Row(0, 7), rate = update with { Quantile = null, Unit = "1/s" };
        File.Append([update, rate, update, rate]);
        File.Append([TrackerTests.Row(1, 7)]);
        Assert.Empty(File.Read().Damaged);

        string[] lines = System.IO.File.ReadAllLines(FilePath);
        System.IO.File.AppendAllLines(FilePath, [lines[5], lines[1]]);
        History history = File.Read();
        Assert.Equal(5, history.Rows.Count);
        Assert.Equal([(7, "line 6"), (8, "line 2")], history.Damaged.Select(row => (row.Line,
            row.Why[row.Why.IndexOf("line ", StringComparison.Ordinal)..row.Why.IndexOf(';', StringComparison.Ordinal)])));
        Assert.All(history.Damaged, row => Assert.Contains("in column 'run_id' has this number already", row.Why));
    }

    [Fact]
    public void Bytes_that_are_not_text_are_reported()
    {
        File.Append([TrackerTests.Row(0, 1)]);
        using (FileStream stream = new(FilePath, FileMode.Append)) stream.Write([0xff, 0xfe, (byte)'\n']);
        Assert.Contains("not UTF-8", Assert.Single(File.Read().Damaged).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_row_of_a_killed_writer_damages_no_row_but_its_own()
    {
        File.Append([TrackerTests.Row(0, 1)]);
        System.IO.File.AppendAllText(FilePath, "c,m,s,stra");
        File.Append([TrackerTests.Row(1, 2)]);
        History history = File.Read();
        Assert.Equal((2, 3), (history.Rows.Count, Assert.Single(history.Damaged).Line));
    }

    [Fact]
    public void A_file_with_other_columns_is_refused_by_name()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        System.IO.File.WriteAllText(FilePath, "commit,value\nc,1\n");
        RunDamagedException e = Assert.Throws<RunDamagedException>(() => File.Read());
        Assert.Equal((FilePath, 1), (e.File, e.Line));
    }

    [Fact]
    public async Task Two_writers_at_once_both_land_whole()
    {
        const int appends = 50;
        Task[] writers = [.. Enumerable.Range(0, 2).Select(writer => Task.Run(() =>
        {
            for (int append = 0; append < appends; append++)
            {
                new HistoryFile(FilePath).Append([TrackerTests.Row(append, append, $"m{writer}"),
                    TrackerTests.Row(append, append, $"m{writer}") with { Metric = "fault" }]);
            }
        }))];
        await Task.WhenAll(writers);

        History history = File.Read();
        Assert.Empty(history.Damaged);
        Assert.Equal(2 * 2 * appends, history.Rows.Count);
        Assert.All(history.Rows.Chunk(2), pair => Assert.Equal(pair[0].RunId, pair[1].RunId));
    }

    [Fact]
    public void What_is_there_already_is_not_added_again_whatever_commit_it_is_given()
    {
        HistoryRow[] rows = [TrackerTests.Row(0, 1), TrackerTests.Row(1, 2)];
        Assert.Equal(rows[..1], File.AppendNew(rows[..1]));
        HistoryRow[] repetitions = [rows[1], rows[1] with { Value = 3 }];
        Assert.Equal(repetitions, File.AppendNew([rows[0] with { Commit = "other", Value = 5 }, .. repetitions]));
        Assert.Empty(File.AppendNew(rows));
        Assert.Equal([rows[0], .. repetitions], File.Read().Rows);
        HistoryRow[] others =
            [rows[0] with { Quantile = null }, rows[0] with { Settings = "s2" }, rows[0] with { RunId = "another" }];
        Assert.Equal(others, File.AppendNew(others));
    }

    [Fact]
    public void Nothing_is_added_to_a_file_with_other_columns_and_a_damaged_row_may_be_added_again()
    {
        File.Append([TrackerTests.Row(0, 1)]);
        System.IO.File.AppendAllText(FilePath, "c,m,s,stra");
        Assert.Empty(File.AppendNew([TrackerTests.Row(0, 1)]));
        Assert.Single(File.AppendNew([TrackerTests.Row(1, 2)]));
        Assert.Equal(2, File.Read().Rows.Count);
        System.IO.File.WriteAllText(FilePath, "commit,value\nc,1\n");
        Assert.Throws<RunDamagedException>(() => File.AppendNew([TrackerTests.Row(2, 3)]));
        Assert.Equal("commit,value\nc,1\n", System.IO.File.ReadAllText(FilePath));
    }

    [Fact]
    public void What_would_not_come_back_is_refused_and_nothing_is_written()
    {
        Assert.Throws<ArgumentException>(() => File.Append([TrackerTests.Row(0, 1), TrackerTests.Row(1, double.NaN)]));
        Assert.Throws<ArgumentException>(() => File.Append([TrackerTests.Row(0, 1) with { Commit = "a\nb" }]));
        Assert.Throws<ArgumentException>(() => File.Append([TrackerTests.Row(0, 1) with { Quantile = 99 }]));
        Assert.False(System.IO.File.Exists(FilePath));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.Path, "file"), "");
        HistoryFile nowhere = new(Path.Combine(_folder.Path, "file", "history.csv"));
        Assert.Throws<ResultsUnwritableException>(() => nowhere.Append([TrackerTests.Row(0, 1)]));
    }

    [Fact]
    public void Acknowledgements_are_read_back_and_damaged_ones_reported()
    {
        string path = Path.Combine(_folder.Path, "acknowledged.csv");
        AcknowledgementFile file = new(path);
        Acknowledgement one = new(TrackerTests.Row(0, 1).Series, "c40", "wanted, see \"decisions\"", DateTimeOffset.UnixEpoch);
        Acknowledgement other = one with { Series = one.Series with { Quantile = null } };
        file.Append(one);
        System.IO.File.AppendAllText(path, "m,s,strategy,w,mmu,update,2,ns,c,why,2026-11-21T12:00:00.000Z\n");
        file.Append(other);
        (IReadOnlyList<Acknowledgement> rows, IReadOnlyList<DamagedRow> damaged) = file.Read();
        Assert.Equal([one, other], rows);
        Assert.Equal(3, Assert.Single(damaged).Line);
    }
}
