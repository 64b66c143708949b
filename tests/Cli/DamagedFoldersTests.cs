using Lab.Application.Measuring;
using Lab.Measure;
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
    [InlineData("\"machine\": {\n    \"cpu\": \"Example CPU @ 2.80GHz\",", "\"machine\": {",
        "'machine' has no 'cpu'; expected one")]
    [InlineData("\"clock\": {\n    \"source\": \"tsc\",\n    \"frequency_hz\": 2800000000,", "\"clock\": { \"source\": \"tsc\",",
        "'clock' has no 'frequency_hz'; expected one")]
    [InlineData("\"frequency_hz\":", "\"frequency\":", "'clock' has 'frequency'; expected 'frequency_hz'")]
    [InlineData("\"verdict\":", "\"verdit\":", "'measurements[0]' has 'verdit'; expected 'verdict'")]
    [InlineData("\"run\": 1", "\"run\": 2147483648",
        "'measurements[0].run' is 2147483648; expected a whole number from 1 to 2147483647")]
    [InlineData("\"started_utc\": \"2026", "\"started_utc\": \"9999",
        "'started_utc' is 9999-11-20T09:30:15+00:00; expected a time from 1970 to now")]
    [InlineData("\"started_utc\": \"2026", "\"started_utc\": \"0001", "expected a time from 1970 to now")]
    [InlineData("\"finished_utc\": \"202", "\"finished_utc\": \"200", "'finished_utc' is before 'started_utc'; expected a later")]
    [InlineData("\"finished_utc\": \"20", "\"finished_utc\": null, \"x\": \"",
        "'finished_utc' is null, and 'state' complete; expected a time")]
    [InlineData("\"frequency_hz\": 2800000000", "\"frequency_hz\": 0",
        "'clock.frequency_hz' is 0; expected a number from 1 to 10^12")]
    [InlineData("\"cost_ns\": 22.8", "\"cost_ns\": 1e10", "'clock.cost_ns' is 1e10; expected a number from 0 to 10^9")]
    [InlineData("\"cores\": 2", "\"cores\": 0", "'machine.cores' is 0; expected a whole number from 1 to 65536")]
    [InlineData("\"pid\": ", "\"pid\": -", "expected a whole number from 1 to 2147483647")]
    [InlineData("\"git_commit\": \"8c71", "\"git_commit\": \"8g71", "expected a commit's hash, 7 to 64 hex digits")]
    [InlineData("\"violations\": 0", "\"violations\": 3",
        "'measurements[0].violations' is 3, and its verdict clean; expected 0")]
    [InlineData("\"verdict\": \"clean\",\n", "\"verdict\": \"violated\",",
        "'measurements[0].violations' is 0, and its verdict violated; expected at least 1")]
    [InlineData("\"steal_share\": null", "\"steal_share\": 1.5",
        "'measurements[0].steal_share' is 1.5; expected a number from 0 to 1")]
    [InlineData("\"run\": 1", "\"run\": 0", "'measurements[0].run' is 0; expected a whole number from 1")]
    [InlineData("\"verdict\": \"clean\"", "\"verdict\": 0",
        "'measurements[0].verdict' is 0; expected clean, violated, hung, interrupted")]
    [InlineData("\"measurements\": [", "\"measurements\": [ null,", "'measurements[0]' is null; expected an object")]
    [InlineData("\"cores\": 2", "\"cores\": -2", "'machine.cores' is -2; expected a whole number from 1 to 65536")]
    [InlineData("\"measured_s\": 5", "\"measured_s\": 1e999",
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
        Assert.Contains($", line {line}: ", report.Error);
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
    [InlineData("counters.csv", "1/s,", "1/s,-", "which column 'value' needs")]
    [InlineData("summary.csv", ",ns,", ",furlong,", "'furlong' is not 'ns', which column 'unit' needs")]
    [InlineData("histograms.csv", ",ns,", ",count,", "'count' is not 'ns', which column 'unit' needs")]
    [InlineData("counters.csv", ",count,", ",furlong,", "'furlong' is not a unit (ns, 1/s, count, bytes, pages, roots, number)")]
    [InlineData("counters.csv", ",flushes,", ",flu shes,", "'flu shes' is not the name of a metric: letters, digits and . _ - /")]
    [InlineData("summary.csv", ",update,", ",updaet,",
        "'updaet' is not a metric with a row of this run in 'histograms.csv', which column 'metric' needs")]
    [InlineData("histograms.csv", ",update,", ",updaet,",
        "'updaet' is not a metric with samples of this run in 'summary.csv', which column 'metric' needs")]
    [InlineData("timeline.csv", ",update,", ",updaet,", "'updaet' is not a metric with samples of this run in 'summary.csv'")]
    [InlineData("summary.csv", ",ns,4000,", ",ns,4001,",
        "'4001' is not the 4000 samples of 'histograms.csv', which column 'count'")]
    [InlineData("histograms.csv", ",1\n", ",2\n", "with the others of its metric, which are ")]
    [InlineData("timeline.csv", ",200,", ",201,",
        "'201' is not with the others of its metric, which are 4001, the 4000 samples of 'summary.csv', which column 'count'")]
    [InlineData("summary.csv", "baseline,", "nosuch,", "'nosuch' is not with its workload, MMU and run a measurement")]
    [InlineData("timeline.csv", ",radix,", ",-3,", "a measurement of the manifest, which column 'strategy' needs")]
    public void A_cell_is_refused_with_its_line_and_column(string table, string was, string becomes, string why)
    {
        int line = Spoil(table, was, becomes);
        BadInputTests.AssertRefusal(LabHere.Run("report", _id, "--out", _runs.Path), $"{table}', line {line}: ", why);
    }

    [Theory]
    [InlineData("tagged.csv", "run-queue-delay", "mile", "'mile+involuntary-switch' is not a kind of disturbance (gc-pause,")]
    [InlineData("disturbances.csv", "run-queue-delay", "jit+steal", "'jit+steal' is not a kind of disturbance (gc-pause,")]
    [InlineData("tagged.csv", "destroyer", "", "'' is not a name, which column 'actor' needs")]
    [InlineData("tagged.csv", "radix,1,destroy,", "radix,1,destory,", "'destory' is not a metric with samples of this run")]
    [InlineData("undisturbed.csv", ",ns,2,2,", ",ns,1,2,", "'1' is not with its 'tagged' the 4 samples of 'summary.csv'")]
    [InlineData("undisturbed.csv", ",ns,2,2,", ",ns,3,1,", "'1' is not at least the 2 that 'tagged.csv' lists, which")]
    [InlineData("histograms.csv", "88704,88768,", "88704,99999,",
        "'89280' is not at least 99999, the 'high' of the bucket before")]
    [InlineData("summary.csv", ",146157,400", ",999999,400", "'999999' is not in its last bucket, from ")]
    [InlineData("summary.csv", ",107333.25,", ",127333.25,", "'127333.25' is not between ")]
    [InlineData("summary.csv", ",89312,", ",98312,", "'98312' is not in the bucket of its rank, from 89280 to ")]
    [InlineData("summary.csv", ",89312,146157,", ",89312,143157,", "'143157' is not the maximum, which so few samples leave it")]
    [InlineData("summary.csv", ",146157,400", ",146157,401", "'401' is not 400")]
    public void A_cell_of_a_watched_run_that_contradicts_the_others_is_refused(
        string table, string was, string becomes, string why)
    {
        const string id = "20261130T053006Z-56975e";
        string fixture = Path.Combine(LabProcess.Checkout, "tests", "Fixtures", "daf7b5a", "plain", id), copy = _runs.Beside(id);
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(fixture)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        string path = Path.Combine(copy, table), text = File.ReadAllText(path);
        int at = text.IndexOf(was, StringComparison.Ordinal);
        Assert.True(at >= 0, text);
        File.WriteAllText(path, text[..at] + becomes + text[(at + was.Length)..]);
        BadInputTests.AssertRefusal(LabHere.Run("report", copy), $"{table}', line ", why);
    }

    [Fact]
    public void Every_kind_of_disturbance_that_a_run_can_list_is_read() =>
        Assert.Equal(Enum.GetValues<DisturbanceKind>().Select(DisturbanceNames.Of).Order(), DisturbanceKinds.All.Order());

    [Fact]
    public void A_metric_that_one_table_alone_knows_is_found_by_who_reads_summaries_only()
    {
        int line = Spoil("summary.csv", ",update,", ",updaet,");
        BadInputTests.AssertRefusal(LabHere.Run("track", "add", _id, "--out", _runs.Path, "--commit", "c1", "--history",
            _runs.Beside("history.csv")), $"summary.csv', line {line}: ", "'updaet' is not a metric");
    }

    [Fact]
    public void A_complete_run_without_measurements_is_damage_and_a_partial_one_is_not()
    {
        RunFolder empty = RunFolder.Create(_runs.Beside("partial"), SampleRun.Manifest);
        empty.Partial("interrupted");
        Assert.Equal(0, LabHere.Run("report", empty.Path).Code);
        string manifest = Path.Combine(empty.Path, "manifest.json"), text = File.ReadAllText(manifest);
        File.WriteAllText(manifest, text.Replace("\"state\": \"partial\"", "\"state\": \"complete\"", StringComparison.Ordinal));
        BadInputTests.AssertRefusal(
            LabHere.Run("report", empty.Path), "'measurements' is empty, and 'state' complete", "expected what was measured");
    }

    [Fact]
    public void A_clock_that_was_set_back_while_a_run_went_on_leaves_a_run_that_can_be_read()
    {
        RunFolder folder = RunFolder.Create(_runs.Beside("back"),
            SampleRun.Manifest with { StartedUtc = DateTimeOffset.UtcNow.AddHours(1) });
        folder.Write(new SampleRun().Measurements(runs: 1).First());
        folder.Complete();
        Assert.Equal(0, LabHere.Run("report", folder.Path).Code);
    }

    [Fact]
    public void A_time_that_is_not_yet_is_believed_of_a_file_that_was_written_then()
    {
        string manifest = Path.Combine(_folder, "manifest.json");
        Spoil("manifest.json", "\"finished_utc\": \"20", "\"finished_utc\": \"21");
        File.SetLastWriteTimeUtc(manifest, new DateTime(2126, 12, 31, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(0, LabHere.Run("report", _id, "--out", _runs.Path).Code);
        File.SetLastWriteTimeUtc(manifest, DateTime.UtcNow);
        Assert.Equal(2, LabHere.Run("report", _id, "--out", _runs.Path).Code);
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
