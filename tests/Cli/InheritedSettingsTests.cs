using System.CommandLine;
using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Cli.Compare;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A strategy measured beside a baseline is measured as that was, but for what is typed.</summary>
public sealed class InheritedSettingsTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private CompareRequest Read(params string[] arguments)
    {
        CompareOptions options = new();
        RootCommand root = new();
        options.AddTo(root);
        return options.Read(root.Parse([.. arguments, "--out", _runs.Out]));
    }

    private static RunRequest Run(params string[] arguments) => RunRequest.Read(arguments);

    private string Baseline(string name, params string[] arguments) =>
        _runs.Folders($"baselines/{name}", [1e6, 1.01e6], one => one with { Settings = Run(arguments).Describe() });

    private static RunRequest Child(CompareRequest request) => new ChildRun(request.Arms[^1], 1).Rehearse();

    /// <summary>Everything that a manifest says can be typed again and means the same.</summary>
    [Theory]
    [InlineData("--workload", "memslot-churn", "--memory", "16MiB", "--duration", "1500ms", "--warmup", "100ms", "--vcpus", "3",
        "--rate", "150/s", "--grace", "2ms", "--yield", "after:7")]
    [InlineData("--workload", "fault-storm", "--memory", "4MiB", "--updates", "max", "--storm-where", "outside", "--storm-pages",
        "64", "--pause", "fast-zap=200us,detached=1us", "--refill", "17")]
    [InlineData("--workload", "vmm-trace", "--memory", "4MiB", "--trace", "seabios-pc-vga", "--speed", "max", "--insert", "tail",
        "--zap-passes", "fine", "--quiet", "pin,idle", "--pages", "4KiB")]
    [InlineData("--mmu", "host", "--memory", "8MiB", "--chunk", "1MiB", "--contexts", "16", "--userfault", "on", "--perf", "off",
        "--kernel-trace", "off", "--slots", "3")]
    public void A_baselines_settings_come_back_whole(params string[] arguments)
    {
        Baseline("before", arguments);
        CompareRequest request = Read("--baseline", "before", "workqueue");

        Dictionary<string, string> expected = new(Run(arguments).Describe()), found = new(Child(request).Describe());
        foreach (string own in (string[])["strategy", "runs", "seed", "out", "format"])
        {
            Assert.True(expected.Remove(own) && found.Remove(own));
        }
        Assert.Equal(expected.OrderBy(one => one.Key, StringComparer.Ordinal),
            found.OrderBy(one => one.Key, StringComparer.Ordinal));
        string note = Assert.Single(request.Notes);
        Assert.StartsWith("settings not typed are those of baseline 'before': ", note);
        Assert.Contains("--memory ", arguments.Contains("8MiB") ? note + "--memory " : note);
    }

    [Fact]
    public void What_is_typed_wins_and_a_folder_first_counts_as_a_baseline_does()
    {
        string folder = Baseline("before", "--memory", "16MiB", "--vcpus", "3", "--duration", "1s");
        foreach (string[] arms in (string[][])[["--baseline", "before", "workqueue"], [folder, "workqueue"]])
        {
            CompareRequest request = Read([.. arms, "--memory", "4MiB"]);
            IReadOnlyDictionary<string, string> settings = Child(request).Describe();
            Assert.Equal(("4MiB", "3", "1s"), (settings["memory"], settings["vcpus"], settings["duration"]));
            Assert.DoesNotContain("--memory", Assert.Single(request.Notes));
            Assert.Contains("--duration 1s", request.Notes[0]);
        }
    }

    [Fact]
    public void Runs_that_disagree_leave_that_setting_to_the_default_and_say_so()
    {
        Baseline("before", "--memory", "16MiB", "--duration", "1s");
        Baseline("before", "--memory", "16MiB", "--duration", "2s");
        CompareRequest request = Read("--baseline", "before", "workqueue");
        IReadOnlyDictionary<string, string> settings = Child(request).Describe();
        Assert.Equal(("16MiB", "3s"), (settings["memory"], settings["duration"]));
        Assert.Contains("its runs do not agree on --duration", Assert.Single(request.Notes));
    }

    [Fact]
    public void Strategies_alone_and_two_baselines_inherit_nothing()
    {
        string folder = Baseline("before", "--memory", "16MiB");
        Assert.Empty(Read("mainline", "workqueue").Notes);
        Assert.Equal("8MiB", Child(Read("mainline", "workqueue")).Describe()["memory"]);
        Assert.Empty(Read("--baseline", "before", folder).Notes);
        Assert.Empty(Read("--baseline", "before", folder, "workqueue").Notes);
    }

    [Fact]
    public void A_strategy_measured_beside_a_baseline_differs_from_it_in_nothing_but_what_was_typed()
    {
        string[] tiny =
            ["--duration", "500ms", "--memory", "4MiB", "--warmup", "20ms", "--vcpus", "1", "--grace", "0ms", "--out", _runs.Out];
        LabExit saved = LabProcess.Run(["compare", "mainline", "--blocks", "1", "--save-baseline", "before", .. tiny]);
        Assert.True(saved.Code == 0, saved.Error);

        LabExit same = LabProcess.Run("compare", "--baseline", "before", "workqueue", "--blocks", "1", "--out", _runs.Out);
        Assert.True(same.Code == 0, same.Error);
        Assert.Contains("note: settings not typed are those of baseline 'before': --vcpus 1, --memory 4MiB, --duration 500ms, "
            + "--warmup 20ms, --grace 0ms.", same.Error);
        Assert.Contains("The arms differ in nothing else", same.Words);

        LabExit typed = LabProcess.Run("compare", "--baseline", "before", "workqueue", "--blocks", "1", "--memory", "8MiB",
            "--out", _runs.Out);
        Assert.True(typed.Code == 0, typed.Error);
        Assert.Contains("THE ARMS DIFFER", typed.Words);
        Assert.Contains("--memory: before 4MiB | workqueue 8MiB", typed.Words);
    }
}
