using Lab.Results;
using Xunit;

namespace Lab.Tests.Results;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Every_file_reads_back_as_it_was_written()
    {
        RunFolder folder = SampleRun.WriteTo(_temporary.Path, runs: 1);
        List<MeasurementRows> written = new SampleRun().Measurements(runs: 1).ToList();

        RunRecord read = new RunStore(_temporary.Path).Open(folder.Manifest.Id);

        Assert.Equal(RunState.Complete, read.State);
        Assert.Equal(written.Count, read.Manifest.Measurements.Count);
        Assert.Equal(SampleRun.Manifest.CommandLine, read.Manifest.CommandLine);
        Assert.Equal(SampleRun.Manifest.Seed, read.Manifest.Seed);
        Assert.Equal(SampleRun.Manifest.Settings, read.Manifest.Settings);
        Assert.Equal(SampleRun.Manifest.Machine.Facts, read.Manifest.Machine.Facts);
        Assert.Equal(SampleRun.Manifest.Machine, read.Manifest.Machine with { Facts = SampleRun.Manifest.Machine.Facts });
        Assert.Equal(SampleRun.Manifest.Runtime, read.Manifest.Runtime);
        Assert.Equal(SampleRun.Manifest.Clock, read.Manifest.Clock);
        Assert.Equal(written.SelectMany(m => m.Histograms), read.Histograms);
        Assert.Equal(written.SelectMany(m => m.Timeline), read.Timeline);
        Assert.Equal(written.SelectMany(m => m.Summary), read.Summary);
        Assert.Equal(written.SelectMany(m => m.Counters), read.Counters);
        Assert.NotEmpty(read.KernelEvents);
        Assert.Equal(written.SelectMany(m => m.KernelEvents), read.KernelEvents);
        List<Violation> violations = written.SelectMany(m => m.Violations).ToList();
        Assert.Equal(violations.Select(v => v.What), read.Violations.Select(v => v.What));
        Assert.Equal(violations[0].Events, read.Violations[0].Events);
    }

    [Fact]
    public void Files_carry_the_field_names_that_other_tools_read()
    {
        string path = SampleRun.WriteTo(_temporary.Path, runs: 1).Path;

        string FirstLine(string name) => File.ReadLines(Path.Combine(path, name)).First();
        Assert.Equal("strategy,workload,mmu,run,metric,unit,count,min,mean,stddev,p50,p90,p99,p99_9,p99_99,max,rate_per_s",
            FirstLine("summary.csv"));
        Assert.Equal("strategy,workload,mmu,run,metric,unit,low,high,count", FirstLine("histograms.csv"));
        Assert.Equal("strategy,workload,mmu,run,metric,unit,start_ms,length_ms,count,p50,p99,max", FirstLine("timeline.csv"));
        Assert.Equal("strategy,workload,mmu,run,actor,counter,unit,value", FirstLine("counters.csv"));
        Assert.Equal("strategy,workload,mmu,run,event,start_ms,length_ms,count", FirstLine("kernel_events.csv"));
        string manifest = File.ReadAllText(Path.Combine(path, "manifest.json"));
        foreach (string field in (string[])["schema_version\": 1", "state\": \"complete\"", "partial_reason\": null",
            "started_utc", "finished_utc", "command_line", "git_commit", "git_dirty", "memory_bytes", "hypervisor", "server_gc",
            "tiered_compilation", "frequency_hz", "cost_ns", "invariant", "settings", "warnings", "measurements", "gc_in_window",
            "jit_in_window", "measured_s", "verdict\": \"clean\"", "pid"])
        {
            Assert.Contains(field, manifest);
        }
        string violations = File.ReadAllText(Path.Combine(path, "violations.json"));
        foreach (string field in (string[])["\"at_ns\"", "\"t_ns\"", "\"actor\"", "\"kind\"", "\"root\"", "\"refcount\"",
            "\"detail\"", "\"claim\"", "\"what\""])
        {
            Assert.Contains(field, violations);
        }
    }

    [Fact]
    public void A_kill_between_any_temporary_file_and_its_rename_leaves_whole_measurements()
    {
        List<string> snapshots = new();
        RunFolder? folder = null;
        // Each opening of a temporary file is an instant at which the process may die: keep what the folder holds then.
        Stream Open(string path)
        {
            if (folder is not null)
            {
                snapshots.Add(Copy(folder.Path, Path.Combine(_temporary.Path, "snapshots", $"{snapshots.Count}")));
            }
            return new FileStream(path, FileMode.Create);
        }

        folder = RunFolder.Create(Path.Combine(_temporary.Path, "runs"), SampleRun.Manifest, Open);
        foreach (MeasurementRows rows in new SampleRun().Measurements(runs: 1).Take(3)) folder.Write(rows);

        Assert.Equal(21, snapshots.Count);
        foreach ((int index, string snapshot) in snapshots.Index())
        {
            RunRecord read = new RunStore(_temporary.Path).Open(snapshot);
            Assert.Equal(index / 7, read.Manifest.Measurements.Count);
            Assert.Equal(read.Manifest.Measurements.Select(m => m.Key), read.Summary.Select(row => row.Key).Distinct());
        }
    }

    [Fact]
    public void Rows_renamed_into_place_before_a_kill_do_not_count_until_the_manifest_names_them()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        List<MeasurementRows> measurements = new SampleRun().Measurements(runs: 1).Take(2).ToList();
        folder.Write(measurements[0]);
        byte[] manifest = File.ReadAllBytes(Path.Combine(folder.Path, "manifest.json"));
        folder.Write(measurements[1]);
        File.WriteAllBytes(Path.Combine(folder.Path, "manifest.json"), manifest);

        RunRecord read = new RunStore(_temporary.Path).Open(folder.Path);

        Assert.Equal([measurements[0].Measurement.Key], read.Summary.Select(row => row.Key).Distinct());
        Assert.Equal([measurements[0].Measurement.Key], read.Histograms.Select(row => row.Key).Distinct());
    }

    [Fact]
    public void A_full_disk_is_one_clear_sentence_and_leaves_nothing_half_written()
    {
        bool isFull = false;
        Stream Open(string path) => isFull ? new FullDisk(path) : new FileStream(path, FileMode.Create);
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest, Open);
        List<MeasurementRows> measurements = new SampleRun().Measurements(runs: 1).Take(2).ToList();
        folder.Write(measurements[0]);
        isFull = true;

        ResultsUnwritableException failure = Assert.Throws<ResultsUnwritableException>(() => folder.Write(measurements[1]));

        Assert.Contains("No space left on device", failure.Message);
        Assert.Contains("--out", failure.Message);
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), path => path.EndsWith(".tmp", StringComparison.Ordinal));
        _ = Assert.Single(new RunStore(_temporary.Path).Open(folder.Path).Manifest.Measurements);
        isFull = false;
        folder.Write(measurements[1]);
        Assert.Equal(2, new RunStore(_temporary.Path).Open(folder.Path).Manifest.Measurements.Count);
    }

    [Fact]
    public void A_disk_full_from_the_start_leaves_no_folder()
    {
        _ = Assert.Throws<ResultsUnwritableException>(
            () => RunFolder.Create(_temporary.Path, SampleRun.Manifest, path => new FullDisk(path)));
        Assert.Empty(Directory.GetFileSystemEntries(_temporary.Path));
    }

    [Fact]
    public void A_place_where_no_folder_can_be_made_is_unwritable()
    {
        string file = Path.Combine(_temporary.Path, "file");
        File.WriteAllText(file, "");
        ResultsUnwritableException failure =
            Assert.Throws<ResultsUnwritableException>(() => RunFolder.Create(Path.Combine(file, "runs"), SampleRun.Manifest));
        Assert.Contains(Path.Combine(file, "runs"), failure.Message);
    }

    [Fact]
    public void A_row_of_another_measurement_and_a_measurement_given_twice_are_refused()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        List<MeasurementRows> measurements = new SampleRun().Measurements(runs: 1).Take(2).ToList();
        _ = Assert.Throws<ArgumentException>(() => folder.Write(measurements[0] with { Summary = measurements[1].Summary }));
        folder.Write(measurements[0]);
        _ = Assert.Throws<ArgumentException>(() => folder.Write(measurements[0]));
    }

    [Fact]
    public void The_first_end_of_a_run_stands()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        folder.Warn("steal time 3 %");
        folder.Partial("interrupted");
        folder.Complete();
        RunRecord read = new RunStore(_temporary.Path).Open(RunStore.Latest);
        Assert.Equal((RunState.Partial, "interrupted"), (read.State, read.PartialReason));
        Assert.Contains("steal time 3 %", read.Manifest.Warnings);
        _ = Assert.Throws<InvalidOperationException>(() => folder.Write(new SampleRun().Measurements(runs: 1).First()));
    }

    [Fact]
    public void A_value_that_is_not_a_number_is_an_empty_cell_both_ways()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        MeasurementRows rows = new SampleRun().Measurements(runs: 1).First();
        folder.Write(rows with
        {
            Summary = [rows.Summary[0] with { Count = 0, Mean = double.NaN, Max = double.PositiveInfinity }],
            Histograms = [], Timeline = [],
        });
        SummaryRow read = Assert.Single(new RunStore(_temporary.Path).Open(folder.Path).Summary);
        Assert.True(double.IsNaN(read.Mean) && double.IsNaN(read.Max));
        Assert.DoesNotContain("NaN", File.ReadAllText(Path.Combine(folder.Path, "summary.csv")));
    }

    private static string Copy(string from, string to)
    {
        _ = Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        return to;
    }

    /// <summary>Takes the first bytes and then has no room for more.</summary>
    private sealed class FullDisk(string path) : FileStream(path, FileMode.Create)
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            base.Write(buffer, offset, Math.Min(count, 10));
            throw new IOException("No space left on device");
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);
    }
}
