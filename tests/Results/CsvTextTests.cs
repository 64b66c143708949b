using Lab.Results;
using Lab.Results.Tracking;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>Text that a spreadsheet would execute, in files that the lab writes and in what it prints.</summary>
public sealed class CsvTextTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("-x", "'-x")]
    [InlineData("+HYPERLINK(1)", "'+HYPERLINK(1)")]
    [InlineData("=1,2", "\"'=1,2\"")]
    [InlineData("'=1", "''=1")]
    [InlineData("-1.5", "-1.5")]
    [InlineData("+3e-7", "+3e-7")]
    [InlineData("mainline", "mainline")]
    [InlineData("'quoted'", "'quoted'")]
    [InlineData("", "")]
    public void A_formula_is_marked_and_nothing_else(string text, string cell) => Assert.Equal(cell, CsvText.Cell(text));

    /// <summary>A folder of somebody else's, whose strategy has such a name.</summary>
    [Fact]
    public void A_run_with_such_a_name_is_written_marked_and_read_as_it_is()
    {
        RunFolder folder = RunFolder.Create(_runs.Path, SampleRun.Manifest);
        Measurement evil = new() { Strategy = "=1+1", Workload = "w", Mmu = "radix", Run = 1 };
        folder.Write(new MeasurementRows(evil)
        {
            Summary =
            [
                new SummaryRow
                {
                    Strategy = "=1+1", Workload = "w", Mmu = "radix", Run = 1, Metric = "update", Unit = "ns",
                },
            ],
        });
        folder.Complete();

        Assert.Contains("\n'=1+1,w,", File.ReadAllText(Path.Combine(folder.Path, "summary.csv")), StringComparison.Ordinal);
        Assert.Equal("=1+1", Assert.Single(_runs.OpenOnly().Summary).Strategy);
        Assert.Contains("\n'=1+1,w,", LabHere.Run("report", "latest", "--out", _runs.Path, "--format", "csv").Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_reason_in_a_history_too()
    {
        string path = _runs.Beside("acknowledged.csv");
        SeriesKey key = new("machine", "settings", "-s", "w", "radix", "update", 0.5, "ns");
        new AcknowledgementFile(path).Append(new Acknowledgement(key, "abc", "=cmd()", DateTimeOffset.UnixEpoch));

        Assert.Contains(",'=cmd()", File.ReadAllText(path), StringComparison.Ordinal);
        Acknowledgement read = Assert.Single(new AcknowledgementFile(path).Read().Rows);
        Assert.Equal(("-s", "=cmd()"), (read.Series.Strategy, read.Reason));
    }
}
