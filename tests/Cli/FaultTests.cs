using System.Runtime.InteropServices;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A run that cannot go on: full disk, interruption, death, a strategy that hangs.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    /// <summary>The kernel refuses to let any file grow beyond the limit, which needs no rights and no file system of one's own.
    /// 1 KiB does not take a manifest; 5 KiB take one but not a measurement's histograms.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_disk_that_is_full_before_anything_was_measured_leaves_nothing_behind(int kibibytes)
    {
        LabExit lab =
            LabProcess.RunIn($"trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\"", _runs.Tiny("--strategy", "workqueue"));

        string complaint = Assert.Single(lab.ErrorLines, line => line.StartsWith("lab: ", StringComparison.Ordinal));
        Assert.Contains("Cannot write results in", complaint);
        Assert.Contains("free space", complaint);
        Assert.Equal((2, ""), (lab.Code, lab.Out));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_runs.Path));
    }

    /// <summary>Each run adds its rows to the same files, so the limit is met after some of them.</summary>
    [Fact]
    public void A_disk_that_fills_up_on_the_way_keeps_what_was_measured()
    {
        LabExit lab =
            LabProcess.RunIn("trap '' XFSZ; ulimit -f 60; exec \"$@\"", _runs.Tiny("--runs", "40", "--duration", "20ms"));

        Assert.Equal(2, lab.Code);
        Assert.Contains("free space", lab.ErrorLines[^1]);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Partial, "results could not be written"), (run.State, run.PartialReason));
        Assert.InRange(run.Manifest.Measurements.Count, 1, 39);
        Assert.Equal(run.Manifest.Measurements.Select(one => one.Run), run.Counters.Select(row => row.Run).Distinct());
        Assert.Empty(Directory.EnumerateFiles(run.Folder, "*.tmp"));
        Assert.Equal(0, LabHere.Run("report", "latest", "--out", _runs.Path).Code);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public void An_interrupted_run_saves_what_it_measured_and_says_so(PosixSignal signal)
    {
        using LabProcess lab = LabProcess.Start(_runs.Tiny("--runs", "20", "--duration", "400ms"));
        lab.AwaitError("[3/20]");
        lab.Signal(signal);
        LabExit exit = lab.End();

        Assert.Equal(130, exit.Code);
        Assert.DoesNotContain("[20/20]", exit.Error);
        Assert.Contains("PARTIAL (interrupted)", exit.Out);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Partial, "interrupted"), (run.State, run.PartialReason));
        Assert.Contains(run.Summary, row => row is { Run: 1, Metric: "update", Count: > 0 });
        Assert.True(File.Exists(Path.Combine(run.Folder, "report.html")));
        Assert.Contains("partial (interrupted)", LabHere.Run("list", "runs", "--out", _runs.Path).Out);
    }

    /// <summary>Killed when so many lines have been printed and so much time has passed after that: anywhere between start and
    /// end.</summary>
    [Theory]
    [InlineData("note:", 0)]
    [InlineData("[1/6]", 0)]
    [InlineData("[1/6]", 60)]
    [InlineData("[2/6]", 0)]
    [InlineData("[3/6]", 97)]
    [InlineData("[6/6]", 41)]
    [InlineData("run folder:", 0)]
    public void A_killed_run_is_whole_or_recognisably_partial(string line, int milliseconds)
    {
        using (LabProcess lab =
            LabProcess.Start(_runs.Tiny("--runs", "3", "--strategy", "workqueue,mainline", "--duration", "60ms")))
        {
            lab.AwaitError(line);
            Thread.Sleep(milliseconds); // not to wait for anything, but to hit another moment
            lab.KillNow();
            lab.End();
        }

        LabExit list = LabHere.Run("list", "runs", "--out", _runs.Path);
        Assert.Equal(0, list.Code);
        RunRecord run = _runs.OpenOnly();
        Assert.Contains(run.State == RunState.Complete ? "complete" : $"partial ({RunStore.Killed})", list.Out);
        Assert.Equal(
            run.Manifest.Measurements.Select(one => (one.Strategy, one.Run)),
            // a busy machine may leave a short window without latencies
            run.Counters.Select(row => (row.Strategy, row.Run)).Distinct());

        LabExit report = LabHere.Run("report", "latest", "--out", _runs.Path);
        Assert.True(report.Code == 0 && File.Exists(Path.Combine(run.Folder, "report.html")), report.Error);
        bool isKilled = run.State == RunState.Partial;
        Assert.Equal(isKilled, report.Out.Contains("PARTIAL (killed, or ended without saying why)", StringComparison.Ordinal));
        Assert.DoesNotContain("free space", report.Out + report.Error);
    }

    [Fact]
    public void A_damaged_folder_does_not_keep_the_others_from_being_listed_and_reported()
    {
        LabHere.Run(_runs.Tiny());
        Directory.CreateDirectory(Path.Combine(_runs.Path, "29991231T000000Z-ffffff"));

        LabExit list = LabHere.Run("list", "runs", "--out", _runs.Path);
        Assert.Equal(0, list.Code);
        Assert.Contains("unreadable", list.Out);
        Assert.Contains("complete", list.Out);
        Assert.Equal(0, LabHere.Run("report", "latest", "--out", _runs.Path).Code);
        BadInputTests.AssertRefusal(LabHere.Run("report", "2999", "--out", _runs.Path), "manifest.json", "");
    }

    [Fact]
    public void A_strategy_that_hangs_is_given_up_with_who_waits_for_what_and_the_last_events()
    {
        LabExit lab =
            LabProcess.Run(_runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "never-flushes", "--watchdog", "2s"));

        Assert.Equal(4, lab.Code);
        Assert.Contains("HUNG never-flushes on memslot-churn", lab.Error);
        Assert.Matches("nothing moved for 2 s: .*updater", lab.Error);
        Assert.Matches(@"updater has waited for flush of work queue stalled for \d+\.\d s", lab.Error);
        Assert.Matches("vcpu0 (runs|waits for)", lab.Error);
        Assert.Contains("stalled/0 runs", lab.Error);
        Assert.Matches(
            @"(?s)last events:.*updater +invalidate +root#\d+.*updater +queue +root#\d+.*stalled/0 +execute_start", lab.Error);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Partial, "watchdog"), (run.State, run.PartialReason));
        Assert.Equal(Verdict.Hung, Assert.Single(run.Manifest.Measurements).Verdict);
        Assert.Contains("HUNG", lab.Out);
    }
}
