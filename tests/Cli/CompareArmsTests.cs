using Lab.Results;
using Lab.Results.Comparisons;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Comparisons that measure arms with settings of their own, and baselines.</summary>
public sealed class CompareArmsTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string[] Tiny(params string[] arguments) => _runs.Tiny(arguments);

    private ComparisonFolder Only() => _runs.Only();

    [Fact]
    public void An_arm_may_have_settings_of_its_own_which_are_called_out_before_any_number()
    {
        LabExit lab = LabProcess.Run(Tiny("mainline", "mainline --watch off --memory=4MiB", "--blocks", "1", "--watch", "on"));

        Assert.True(lab.Code == 0, lab.Error);
        ComparisonManifest manifest = Only().Manifest;
        Assert.Equal(["mainline", "mainline --watch off --memory=4MiB"], manifest.Arms.Select(arm => arm.Label));
        Assert.Equal(1, manifest.Arms[1].Arguments.Count(argument => argument == "--memory"));
        int memory = lab.Words.IndexOf("--memory", StringComparison.Ordinal);
        int watch = lab.Words.IndexOf("--watch", StringComparison.Ordinal);
        Assert.InRange(memory, 0, lab.Words.IndexOf("p50", StringComparison.Ordinal));
        Assert.InRange(watch, memory, lab.Words.IndexOf("p50", StringComparison.Ordinal));
        RunStore runs = new(Only().Runs);
        foreach (BlockRun run in manifest.Blocks[0].Runs)
        {
            RunRecord record = runs.Open(run.Run!);
            Assert.Equal(run.Arm == 0, record.Manifest.Measurements[0].Watched);
            Assert.Equal(run.Arm == 0, record.Undisturbed.Count > 0);
            Assert.False(File.Exists(Path.Combine(record.Folder, "report.html")));
        }
    }

    [Theory]
    [InlineData("mainline --seed 3", "'--seed' of its own, which is not a setting of a measurement")]
    [InlineData("mainline --memroy 4MiB", "Did you mean '--memory'?")]
    [InlineData("mainline --memory", "has '--memory' without a value")]
    [InlineData("mainline --turns 20ms", "'--turns' of its own, which is not a setting of a measurement")]
    [InlineData("mainline --memory potato", "potato")]
    public void Settings_of_an_arm_that_cannot_be_are_refused_before_anything_is_measured(string arm, string complaint)
    {
        LabExit lab = LabHere.Run(Tiny("mainline", arm));
        Assert.Equal(2, lab.Code);
        Assert.Contains(complaint, Assert.Single(lab.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_runs.Out) && Directory.EnumerateDirectories(_runs.Out).Any());
    }

    [Fact]
    public void A_baseline_is_kept_by_run_and_by_compare_and_compared_against()
    {
        LabExit saved = LabProcess.Run(Tiny("workqueue", "--blocks", "2", "--save-baseline", "kept"));
        Assert.True(saved.Code == 0, saved.Error);
        Directory.Delete(_runs.Out, recursive: true); // a baseline survives its comparison
        // As a process of its own as well: one that compiles otherwise would be a difference to call out.
        LabExit run = LabProcess.Run("run", "--strategy", "workqueue", "--runs", "2", "--duration", "500ms", "--memory", "8MiB",
            "--warmup", "20ms", "--vcpus", "1", "--grace", "0ms", "--steady-limit", "0s", "--watch", "off", "--out",
            _runs.Beside("runs"), "--save-baseline", "run");
        Assert.True(run.Code == 0, run.Error);

        LabExit lab = LabProcess.Run(Tiny("--baseline", "kept", "workqueue", "run", "--blocks", "1"));

        Assert.True(lab.Code is 0 or 3, lab.Error);
        Assert.Contains("2 runs of kept, 1 run of workqueue, 2 runs of run", lab.Words);
        Assert.Contains("differ in nothing else", lab.Words);
    }
}
