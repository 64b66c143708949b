using System.Diagnostics;
using System.Text.RegularExpressions;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Results;

public sealed partial class RunStoreTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    private RunStore Store => new(_temporary.Path);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_run_whose_process_lives_is_running_and_one_whose_process_is_gone_was_killed()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        Assert.Equal(RunState.Running, Assert.Single(Store.List()).State);

        using Process child = Process.Start("true");
        child.WaitForExit();
        EditManifest(folder.Path, text => PidPattern().Replace(text, $"\"pid\": {child.Id}"));

        RunListing listed = Assert.Single(Store.List());
        Assert.Equal((RunState.Partial, RunStore.Killed), (listed.State, listed.PartialReason));
        Assert.Equal((RunState.Partial, RunStore.Killed), (Store.Open(folder.Path).State, Store.Open(folder.Path).PartialReason));
    }

    [Fact]
    public void A_later_process_with_the_same_number_is_not_taken_for_the_writer()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        EditManifest(folder.Path, text => TicksPattern().Replace(text, "\"start_ticks\": 1"));
        Assert.Equal(RunState.Partial, Assert.Single(Store.List()).State);
    }

    [Fact]
    public void Runs_are_listed_newest_first_and_unreadable_ones_with_their_problem()
    {
        RunFolder old = RunFolder.Create(_temporary.Path,
            SampleRun.Manifest with { StartedUtc = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        RunFolder young = RunFolder.Create(_temporary.Path,
            SampleRun.Manifest with { StartedUtc = new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        _ = Directory.CreateDirectory(Path.Combine(_temporary.Path, "empty"));
        _ = Directory.CreateDirectory(Path.Combine(_temporary.Path, "corrupt"));
        File.WriteAllText(Path.Combine(_temporary.Path, "corrupt", "manifest.json"), "{ \"id\": ");

        IReadOnlyList<RunListing> listed = Store.List();

        Assert.Equal([young.Manifest.Id, old.Manifest.Id], listed.Where(run => run.IsReadable).Select(run => run.Id));
        Assert.Equal(["corrupt", "empty"], listed.Where(run => !run.IsReadable).Select(run => run.Id).Order());
        Assert.All(listed.Where(run => !run.IsReadable), run => Assert.Contains("manifest.json", run.Problem));
        Assert.Equal(young.Path, Store.Open(RunStore.Latest).Folder);
    }

    [Fact]
    public void A_store_that_does_not_exist_yet_is_empty() =>
        Assert.Empty(new RunStore(Path.Combine(_temporary.Path, "none")).List());

    [Fact]
    public void A_run_answers_to_its_id_a_unique_beginning_of_it_its_folder_and_its_manifest()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path,
            SampleRun.Manifest with { StartedUtc = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        _ = RunFolder.Create(_temporary.Path,
            SampleRun.Manifest with { StartedUtc = new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        foreach (string name in (string[])[folder.Manifest.Id, "2020", folder.Path, Path.Combine(folder.Path, "manifest.json")])
        {
            Assert.Equal(folder.Manifest.Id, Store.Open(name).Manifest.Id);
        }
    }

    [Fact]
    public void An_ambiguous_or_unknown_name_says_what_there_is()
    {
        RunFolder one = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        RunFolder two = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        foreach (string name in (string[])["20", "nothing-like-it"])
        {
            RunNotFoundException failure = Assert.Throws<RunNotFoundException>(() => Store.Open(name));
            Assert.Contains(one.Manifest.Id, failure.Message);
            Assert.Contains(two.Manifest.Id, failure.Message);
        }
    }

    [Theory]
    [InlineData("summary.csv", "ns,", "ns,many", "'many20000' is not a whole number from 0 to 10^12, which column 'count' needs")]
    [InlineData("histograms.csv", ",radix,1,", ",radix,", "line 3")]
    [InlineData("timeline.csv", ",250,", ",x250,", "'x250' is not a number from 0 to 10^12, which column 'start_ms' needs")]
    public void A_damaged_table_names_its_file_and_line(string file, string before, string after, string message)
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        folder.Write(new SampleRun().Measurements(runs: 1).First());
        string path = Path.Combine(folder.Path, file);
        string[] lines = File.ReadAllLines(path);
        lines[2] = lines[2].Replace(before, after, StringComparison.Ordinal);
        File.WriteAllLines(path, lines);

        RunDamagedException failure = Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path));

        Assert.Equal((path, 3L), (failure.File, failure.Line));
        Assert.Contains(message, failure.Message);
    }

    [Fact]
    public void A_table_cut_short_a_foreign_header_and_a_missing_table_are_refused()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        folder.Write(new SampleRun().Measurements(runs: 1).First());
        string path = Path.Combine(folder.Path, "counters.csv");
        string whole = File.ReadAllText(path);

        File.WriteAllText(path, whole[..whole.LastIndexOf(',')]);
        Assert.Equal(whole.Count(c => c == '\n'), Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path)).Line);

        File.WriteAllText(path, whole.Replace("actor", "who", StringComparison.Ordinal));
        Assert.Equal(1, Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path)).Line);

        File.Delete(path);
        Assert.Equal(path, Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path)).File);
    }

    [Fact]
    public void Of_the_kernels_statistics_one_may_have_shrunk_and_no_other_counter_may()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        MeasurementRows rows = new SampleRun().Measurements(runs: 1).First();
        CounterRow pages = new()
        {
            Strategy = rows.Measurement.Strategy, Workload = rows.Measurement.Workload, Mmu = rows.Measurement.Mmu,
            Run = rows.Measurement.Run, Actor = "", Counter = "kvm.pages_4k", Unit = "count", Value = -268,
        };
        folder.Write(rows with { Counters = [pages] });
        string path = Path.Combine(folder.Path, "counters.csv");
        Assert.Equal([pages], Store.Open(folder.Path).Counters);

        File.WriteAllText(path, File.ReadAllText(path).Replace("kvm.", "", StringComparison.Ordinal));
        Assert.Contains("'-268' is not", Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path)).Message);
    }

    [Fact]
    public void A_run_that_was_not_traced_has_no_file_of_kernel_events_and_one_traced_in_part_has()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        List<MeasurementRows> measurements = new SampleRun().Measurements(runs: 1).Take(2).ToList();
        string path = Path.Combine(folder.Path, "kernel_events.csv");

        folder.Write(measurements[0] with { KernelEvents = [] });
        Assert.False(File.Exists(path));
        Assert.Empty(Store.Open(folder.Path).KernelEvents);

        folder.Write(measurements[1]);
        Assert.Equal(measurements[1].KernelEvents, Store.Open(folder.Path).KernelEvents);

        File.AppendAllText(path, "mainline,memslot-churn,kvm,1,kvm_mmu_zap_all_fast,0,many,1\n");
        Assert.Equal(path, Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path)).File);
    }

    [Fact]
    public void A_manifest_of_a_newer_layout_is_refused()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        EditManifest(folder.Path,
            text => text.Replace("\"schema_version\": 1", "\"schema_version\": 2", StringComparison.Ordinal));
        Assert.Contains("schema version 2", Assert.Throws<RunDamagedException>(() => Store.Open(folder.Path)).Message);
    }

    private static void EditManifest(string folder, Func<string, string> edit)
    {
        string path = Path.Combine(folder, "manifest.json");
        File.WriteAllText(path, edit(File.ReadAllText(path)));
    }

    [GeneratedRegex("\"pid\": \\d+")]
    private static partial Regex PidPattern();

    [GeneratedRegex("\"start_ticks\": \\d+")]
    private static partial Regex TicksPattern();
}
