using System.Text.Json;
using Lab.Application.Catalogue;
using Lab.Mmu;
using Lab.Results;
using Lab.Settings;
using Lab.Strategies.Roots;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A strategy of any family from an assembly that the lab does not know: one file, one line, no rebuild.</summary>
public sealed class PluginTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void The_readmes_example_runs_clean_on_every_workload()
    {
        LabExit lab = LabHere.Run(
            _runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "zap-inline,workqueue", "--workload", "all", "--vcpus", "2"));

        Assert.True(lab.Code == 0, lab.Out + lab.Error);
        IReadOnlyList<Measurement> made = [.. _runs.OpenOnly().Manifest.Measurements.Where(one => one.Strategy == "zap-inline")];
        Assert.Equal(15, made.Count);
        Assert.All(made, one => Assert.Equal((Verdict.Clean, "plugin", false), (one.Verdict, one.Family, one.Broken)));
    }

    [Fact]
    public void A_plugins_strategies_are_listed_beside_the_others()
    {
        LabExit lab = LabHere.Run("list", "strategies", "--plugin", LabProcess.Plugin);
        Assert.Equal(0, lab.Code);
        Assert.Contains("zap-inline ", lab.Out);
        Assert.Matches("never-flushes +BROKEN", lab.Out);
    }

    [Fact]
    public void A_notifier_and_an_ageing_scheme_of_a_plugin_are_listed_and_a_broken_one_is_marked()
    {
        string notifiers = LabProcess.Run("list", "notifiers", "--plugin", LabProcess.Plugin).Out;
        Assert.Matches("always-count .*\n", notifiers);
        Assert.Contains("always-walk ", notifiers);
        Assert.Matches("deaf +BROKEN. I5", notifiers);
        string ageing = LabProcess.Run("list", "ageing", "--plugin", LabProcess.Plugin).Out;
        Assert.Matches("none +nobody ages", ageing);
        Assert.Contains("locked-pass ", ageing);
    }

    /// <summary>Two members of other families, by one file and one line each, run beside the default and under the name that says
    /// what they are.</summary>
    [Fact]
    public void A_notifier_and_an_ageing_scheme_of_a_plugin_are_measured()
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "mainline", "--notifier",
            "always-walk", "--ageing", "locked-pass", "--workload", "fault-storm", "--vcpus", "1"));

        Assert.True(lab.Code == 0, lab.Out + lab.Error);
        RunRecord run = _runs.OpenOnly();
        Measurement made = Assert.Single(run.Manifest.Measurements);
        Assert.Equal(("mainline+always-walk+locked-pass", "roots", Verdict.Clean, false),
            (made.Strategy, made.Family, made.Verdict, made.Broken));
        Assert.Equal("mainline+always-walk+locked-pass", run.Manifest.Settings["strategy"]);
        Assert.DoesNotContain("notifier", run.Manifest.Settings.Keys);
        // The host asked before it took: the pass is timed, and only there is such a metric.
        Assert.Contains(run.Summary, row => row is { Metric: "age", Count: > 0 });
    }

    [Fact]
    public void A_broken_notifier_of_a_plugin_is_marked_in_the_manifest()
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "mainline+deaf", "--workload",
            "fault-storm", "--vcpus", "1"));
        Measurement[] broken = [.. _runs.OpenOnly().Manifest.Measurements.Where(one => one.Broken)];
        Assert.True(broken is [{ Strategy: "mainline+deaf" }], lab.Out + lab.Error);
    }

    [Fact]
    public void A_notifier_of_a_plugin_is_explored_and_its_schedule_replays()
    {
        string[] deaf = ["explore", "--plugin", LabProcess.Plugin, "--format", "json"];
        LabExit lab = LabProcess.Run([.. deaf, "--strategy", "mainline", "--notifier", "deaf"]);
        Assert.True(lab.Code == 4, lab.Out + lab.Error);
        JsonElement found = JsonDocument.Parse(lab.Out).RootElement.EnumerateArray().Last();
        Assert.Equal(("mainline+deaf", "I5"),
            (found.GetProperty("strategy").GetString(), found.GetProperty("invariant").GetString()));
        string replay = found.GetProperty("replay").GetString()!;
        Assert.StartsWith("x1:mainline+deaf:", replay, StringComparison.Ordinal);
        LabExit again = LabProcess.Run([.. deaf, "--replay", replay]);
        Assert.True(again.Code == 4, again.Out + again.Error);
        Assert.Contains("\"I5\"", again.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--notifier", "always-walk", "unmap-update")]
    [InlineData("--ageing", "locked-pass", "age-fault")]
    public void A_sound_member_of_a_plugin_is_explored_to_the_end(string option, string name, string scenario)
    {
        LabExit lab = LabProcess.Run("explore", "--plugin", LabProcess.Plugin, "--strategy", "mainline", option, name,
            "--scenario", scenario, "--format", "json");
        Assert.True(lab.Code == 0, lab.Out + lab.Error);
        JsonElement[] explored = [.. JsonDocument.Parse(lab.Out).RootElement.EnumerateArray()];
        Assert.All(explored, one => Assert.Equal(($"mainline+{name}", true),
            (one.GetProperty("strategy").GetString(), one.GetProperty("complete").GetBoolean())));
        Assert.Contains(scenario, explored.Select(one => one.GetProperty("scenario").GetString()));
    }

    [Theory]
    [InlineData("There is no notifier 'always-cuont'", "Did you mean 'always-count'?", "--notifier", "always-cuont")]
    [InlineData("There is no ageing scheme 'locked'", "There are: none", "--ageing", "locked")]
    [InlineData("notifier 'kernel' is the running kernel's", "always-count", "--notifier", "kernel")]
    [InlineData("notifier 'always-count' is the lab's own", "with it go: kernel", "--strategy", "kernel", "--mmu", "kvm",
        "--notifier", "always-count")]
    [InlineData("a VM has one notifier", "a VM has one notifier", "--strategy", "mainline+always-count+always-count")]
    [InlineData("There is no notifier or ageing scheme 'workqueue'", "always-count", "--strategy", "mainline+workqueue")]
    public void Members_that_are_not_there_or_do_not_go_together_are_refused(
        string complaint, string remedy, params string[] arguments) =>
        BadInputTests.AssertRefusal(LabProcess.Run(["run", .. arguments, "--out", _runs.Path]), complaint, remedy);

    [Fact]
    public void A_scheme_that_clears_accessed_bits_is_refused_where_they_are_not_the_labs() =>
        BadInputTests.AssertRefusal(
            LabProcess.Run("run", "--plugin", LabProcess.Plugin, "--strategy", "mainline", "--ageing", "locked-pass", "--mmu",
                "host", "--out", _runs.Path),
            "accessed bits", "--mmu radix");

    [Fact]
    public void Without_the_plugin_its_strategies_are_unknown() =>
        Refused([], "There is no strategy 'zap-inline'", "There are: baseline");

    [Fact]
    public void A_plugin_that_is_not_there_is_refused() =>
        Refused(["--plugin", _runs.Beside("none.dll")], "does not exist", "compiled assembly");

    [Fact]
    public void A_file_that_is_no_assembly_is_refused()
    {
        string file = _runs.Beside("text.dll");
        File.WriteAllText(file, "not an assembly");
        Refused(["--plugin", file], "cannot be loaded", "compile it for net10.0");
    }

    [Fact]
    public void An_assembly_cut_short_is_refused()
    {
        string file = _runs.Beside("cut.dll");
        File.WriteAllBytes(file, File.ReadAllBytes(LabProcess.Plugin)[..2000]);
        Refused(["--plugin", file], "cannot be loaded", "compile it for net10.0");
    }

    [Fact]
    public void An_assembly_that_offers_nothing_is_refused() =>
        Refused(["--plugin", typeof(FactAttribute).Assembly.Location], "offers no strategy", "[assembly: OffersStrategy");

    [Fact]
    public void A_name_that_is_taken_is_refused() =>
        Refused(["--plugin", LabProcess.Plugin, "--plugin", LabProcess.Plugin], "but that is the name of another", "rename it");

    /// <summary>Before anything is measured: the files of such a run would be refused.</summary>
    [Theory]
    [InlineData(typeof(Escape<>))]
    [InlineData(typeof(Nameless<>))]
    public void What_is_no_name_is_refused(Type strategy) => Assert.Contains("is no name",
        Assert.Throws<UsageException>(() => new LabCatalogue().Add("mine.dll", strategy)).Message, StringComparison.Ordinal);

    [Strategy("esc\u001b[31m", Idea = "a name that colours a terminal", Source = "test")]
    private sealed class Escape<TMachine>(Vm<TMachine> vm) : Mainline<TMachine>(vm)
        where TMachine : struct, IMachine;

    [Strategy("", Idea = "no name", Source = "test")]
    private sealed class Nameless<TMachine>(Vm<TMachine> vm) : Mainline<TMachine>(vm)
        where TMachine : struct, IMachine;

    private void Refused(string[] plugin, string complaint, string remedy)
    {
        BadInputTests.AssertRefusal(LabHere.Run([.. plugin, "--strategy", "zap-inline", "--out", _runs.Path]), complaint, remedy);
        Assert.False(Directory.Exists(_runs.Path));
    }
}
