using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What is wrong with a file of a run folder is said with its line and what was expected, and is a state of that folder
/// alone.</summary>
public sealed class DamagedFoldersTests : IDisposable
{
    private readonly RunsFolder _runs = new();
    private readonly string _folder;
    private readonly string _id;

    public DamagedFoldersTests()
    {
        RunFolder folder = RunFolder.Create(_runs.Path, SampleRun.Manifest);
        folder.Write(new SampleRun().Measurements(runs: 1).First());
        folder.Complete();
        (_folder, _id) = (folder.Path, folder.Manifest.Id);
    }

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("\"measurements\":", "\"measurments\":", "the file has 'measurments'; expected 'measurements'")]
    [InlineData("\"partial_reason\":", "\"reason\":", "the file has 'reason'; expected 'partial_reason'")]
    [InlineData("\"warnings\":", "\"x\": [], \"warnings\":", null)]
    [InlineData("\"kernel\": \"6.18.5\",", "", "'machine' has no 'kernel'; expected one")]
    [InlineData("\"run\": 1", "\"run\": 2147483648",
        "'measurements[0].run' is 2147483648; expected a whole number from 1 to 2147483647")]
    [InlineData("\"run\": 1", "\"run\": 0", "'measurements[0].run' is 0; expected a whole number from 1")]
    [InlineData("\"verdict\": \"clean\"", "\"verdict\": 0",
        "'measurements[0].verdict' is 0; expected clean, violated, hung, interrupted")]
    [InlineData("\"measurements\": [", "\"measurements\": [ null,", "'measurements[0]' is null; expected an object")]
    [InlineData("\"cores\": 2", "\"cores\": -2", "'machine.cores' is -2; expected a whole number from 0 to 2147483647")]
    [InlineData("\"measured_s\": 5.001", "\"measured_s\": 1e999",
        "'measurements[0].measured_s' is 1e999; expected a number from 0")]
    [InlineData("\"workload\": \"memslot-churn\"", "\"workload\": \"\"", "'measurements[0].workload' is ; expected a name")]
    [InlineData("\"seed\": 18446744073709551557", "\"seed\": 1, \"seed\": 2", "expected 'seed' once")]
    public void A_manifest_is_refused_with_its_line_by_who_asks_for_it_and_a_line_of_the_list(
        string was, string becomes, string? why)
    {
        string other = RunFolder.Create(_runs.Path, SampleRun.Manifest).Manifest.Id;
        int line = Spoil("manifest.json", was, becomes);

        LabExit list = LabHere.Run("list", "runs", "--out", _runs.Path), report = LabHere.Run("report", _id, "--out", _runs.Path);

        Assert.Equal(0, list.Code);
        Assert.Contains($"{other}  running", list.Out);
        Assert.Equal(why is null ? 0 : 2, report.Code);
        if (why is null) return;
        Assert.Contains(why, report.Error);
        Assert.StartsWith($"lab: '{Path.Combine(_folder, "manifest.json")}', line ", Assert.Single(report.ErrorLines));
        if (!why.Contains("has ", StringComparison.Ordinal)) Assert.Contains($", line {line}: ", report.Error);
        Assert.Contains($"{_id}  unreadable: ", list.Out);
    }

    [Theory]
    [InlineData("summary.csv", ",4000,", ",-4000,", "'-4000' is not a whole number from 0 to 10^12, which column 'count' needs")]
    [InlineData("summary.csv", "radix,1,", "radix,2147483648,", "which column 'run' needs")]
    [InlineData("summary.csv", "radix,1,", "radix,-1,", "'-1' is not a whole number from 1 to 2147483647, which column 'run'")]
    [InlineData("summary.csv", "ns,4000,", "ns,4000,1e23", "which column 'min' needs")]
    [InlineData("histograms.csv", "ns,", "ns,-", "which column 'low' needs")]
    [InlineData("timeline.csv", ",250,", ",,", "'' is not a number from 0 to 10^12, which column 'length_ms' needs")]
    [InlineData("timeline.csv", ",250,", ",0,", "'0' is not a number above 0, which column 'length_ms' needs")]
    [InlineData("counters.csv", "1,4", "1,-4", "which column 'value' needs")]
    [InlineData("summary.csv", "baseline,", "nosuch,", "'nosuch' is not with its workload, MMU and run a measurement")]
    [InlineData("timeline.csv", ",radix,", ",-3,", "a measurement of the manifest, which column 'strategy' needs")]
    public void A_cell_is_refused_with_its_line_and_column(string table, string was, string becomes, string why)
    {
        int line = Spoil(table, was, becomes);
        BadInputTests.AssertRefusal(LabHere.Run("report", _id, "--out", _runs.Path), $"{table}', line {line}: ", why);
    }

    [Fact]
    public void A_clean_measurement_without_a_row_is_damage()
    {
        string path = Path.Combine(_folder, "summary.csv");
        File.WriteAllLines(path, File.ReadLines(path).Take(1).ToArray());
        BadInputTests.AssertRefusal(
            LabHere.Run("report", _id, "--out", _runs.Path), "summary.csv", "there is no row of baseline on ");
    }

    [Fact]
    public void Rows_of_one_metric_are_refused_if_there_are_two()
    {
        string path = Path.Combine(_folder, "summary.csv");
        File.AppendAllText(path, File.ReadLines(path).Skip(1).First() + "\n");
        BadInputTests.AssertRefusal(LabHere.Run("report", _id, "--out", _runs.Path), "summary.csv', line ",
            "'update' is not another one than in the rows of this run before it, which column 'metric' needs");
    }

    /// <summary>Changes the first place in a file and returns its line.</summary>
    private int Spoil(string file, string was, string becomes)
    {
        string path = Path.Combine(_folder, file), text = File.ReadAllText(path);
        int at = text.IndexOf(was, StringComparison.Ordinal);
        Assert.True(at >= 0, text);
        File.WriteAllText(path, text[..at] + becomes + text[(at + was.Length)..]);
        return 1 + text[..at].Count(letter => letter == '\n');
    }
}
