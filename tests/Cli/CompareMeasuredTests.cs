using Lab.Measure;
using Lab.Results;
using Lab.Results.Comparisons;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Comparisons that measure: children, blocks, turns.</summary>
public sealed class CompareMeasuredTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string[] Tiny(params string[] arguments) => _runs.Tiny(arguments);

    private ComparisonFolder Only() => _runs.Only();

    [Fact]
    public void Two_blocks_run_every_arm_once_in_mirrored_order_each_in_a_process_of_its_own()
    {
        LabExit lab = LabProcess.Run(Tiny("mainline", "workqueue", "--blocks", "2"));

        Assert.True(lab.Code == 0, lab.Error);
        ComparisonFolder folder = Only();
        Assert.Equal(RunState.Complete, folder.Manifest.State);
        Assert.Equal(folder.Manifest.Blocks[0].Runs.Select(run => run.Arm).Reverse(),
            folder.Manifest.Blocks[1].Runs.Select(run => run.Arm));
        RunRecord[] runs =
            [.. folder.Manifest.Blocks.SelectMany(block => block.Runs).Select(run => new RunStore(folder.Runs).Open(run.Run!))];
        Assert.Equal(4, runs.Select(run => run.Manifest.Process!.Pid).Distinct().Count());
        Assert.Equal(["1", "1", "2", "2"], runs.Select(run => run.Manifest.Settings["seed"]));
        Assert.Contains("[2/2]", lab.Error);
        Assert.Contains("2 of 2 blocks in turns of 50ms, ABBA in random order (seed 1), a process per run.",
            lab.Words);
        Assert.Matches("p50 .*inconclusive, ~[0-9]+ more", lab.Out);
    }

    [Fact]
    public void Runs_in_turns_measure_what_was_asked_for_each_and_say_in_how_many()
    {
        LabExit lab = LabProcess.Run([.. Tiny("mainline", "workqueue", "--blocks", "1", "--turns", "80ms", "--watch", "on")]);

        Assert.True(lab.Code == 0, lab.Error);
        ComparisonFolder folder = Only();
        Assert.Equal("80ms", folder.Manifest.Turns);
        RunRecord[] runs = [.. folder.Manifest.Blocks[0].Runs.Select(run => new RunStore(folder.Runs).Open(run.Run!))];
        Assert.All(runs, run => Assert.Equal((7, "80ms"), (run.Manifest.Measurements[0].Turns, run.Manifest.Settings["turns"])));
        Assert.All(runs, run => Assert.Equal(0.5, run.Manifest.Measurements[0].MeasuredS, 6));
        Assert.All(runs, run => Assert.InRange(run.Manifest.Measurements[0].CutShare!.Value, 0, 1));
        Assert.All(runs, run => Assert.All(run.Timeline, row => Assert.InRange(row.StartMs, 0, 500)));
        Assert.All(runs, run => Assert.All(run.Disturbances.Where(row => row.Located),
            row => Assert.True(row.StartMs <= 500 && row.StartMs + row.LengthMs >= 0, $"{row}")));
    }

    [Theory]
    [InlineData("off", "memslot-churn", "1 of 1 block, ABBA")]
    [InlineData("30ms", "root-toggle", "1 of 1 block without turns, ABBA")] // whose deleter keeps a schedule
    public void Without_turns_or_where_a_load_keeps_time_runs_are_measured_one_after_another(
        string turns, string workload, string words)
    {
        LabExit lab = LabProcess.Run(Tiny("mainline", "workqueue", "--blocks", "1", "--turns", turns, "--workload", workload));

        Assert.True(lab.Code == 0, lab.Error);
        Assert.Contains(words, lab.Words, StringComparison.Ordinal);
        Assert.All(Only().Manifest.Blocks[0].Runs,
            run => Assert.Null(new RunStore(Only().Runs).Open(run.Run!).Manifest.Measurements[0].Turns));
    }

    [Fact]
    public void Strict_refuses_a_comparison_of_contaminated_runs_and_keeps_it()
    {
        LabExit lab = LabProcess.Run([.. Tiny("mainline", "mainline").Where(word => word is not ("--steady-limit" or "0s")),
            "--steady-limit", "1ms", "--blocks", "1", "--strict"]);
        Assert.Equal(5, lab.Code);
        Assert.Equal(RunState.Complete, Only().Manifest.State);
        Assert.Contains("2 of 2 runs are contaminated", lab.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_invariant_in_a_run_is_reported_and_its_run_left_out()
    {
        LabExit lab = LabProcess.Run("compare", "workqueue", "async-put", "--blocks", "5", "--workload", "root-toggle", "--pause",
            "fast-zap=300us", "--out", _runs.Out, "--duration", "3s", "--memory", "8MiB", "--warmup", "20ms", "--vcpus", "1",
            "--watch", "off");

        Assert.True(lab.Code == 4, lab.Error);
        Assert.Contains("block 1: async-put: an invariant was violated (exit 4)", lab.Error);
        Assert.Contains("left out of async-put: block 1", lab.Words);
        Assert.Contains("async-put failed in each of the first 2 blocks; no more are measured.", lab.Error);
        Assert.Contains("async-put is known to be broken", lab.Words);
    }

    [Fact]
    public void Runs_that_gave_no_sample_are_left_out_and_said()
    {
        LabExit lab = LabProcess.Run(Tiny("mainline", "workqueue", "--blocks", "2", "--workload", "vmm-trace",
            "--trace", RunsFolder.TraceOfNothing(_runs.Beside("nothing.txt")), "--seed", "3"));

        Assert.True(lab.Code == 5, lab.Error);
        Assert.Contains("block 1: mainline: nothing was measured: no timed step in the window", lab.Error);
        Assert.DoesNotContain("clean", lab.Out.Replace("not clean", "", StringComparison.Ordinal));
    }

    [Fact]
    public void An_arm_that_cannot_be_measured_is_refused_before_anything_is()
    {
        BadInputTests.AssertRefusal(LabHere.Run(Tiny("workqueue", "kvm-slots")), "There is no arm 'kvm-slots'", "There are:");
        Assert.False(Directory.Exists(_runs.Out));
    }

    /// <summary>Each arm alone fits: a twelfth of what is there.</summary>
    [Fact]
    public void Arms_that_do_not_fit_into_memory_together_are_refused_before_anything_is_measured()
    {
        long mebibytes = MachineLimits.Read().AvailableMemoryBytes!.Value / 12 >> 20;
        string[] arms = [.. Enumerable.Repeat("mainline", 13)];
        string[] request = ["compare", .. arms, "--out", _runs.Out, "--mmu", "host", "--memory", $"{mebibytes}MiB", "--vcpus",
            "1", "--duration", "10ms"];
        BadInputTests.AssertRefusal(LabHere.Run(request), "13 arms that take turns need", "ask for less, or --turns off");
        Assert.False(Directory.Exists(_runs.Out));
    }
}
