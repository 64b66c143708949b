using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A strategy from an assembly that the lab does not know: one file, one line, no rebuild.</summary>
[Collection(ChildProcesses.Name)]
public sealed class PluginTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void The_readmes_example_runs_clean_on_every_workload()
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--plugin", LabProcess.Plugin, "--strategy", "zap-inline,workqueue", "--workload", "all", "--vcpus", "2"));

        Assert.True(lab.Code == 0, lab.Out + lab.Error);
        IReadOnlyList<Measurement> made = [.. _runs.OpenOnly().Manifest.Measurements.Where(one => one.Strategy == "zap-inline")];
        Assert.Equal(7, made.Count);
        Assert.All(made, one => Assert.Equal((Verdict.Clean, "plugin", false), (one.Verdict, one.Family, one.Broken)));
    }

    [Fact]
    public void A_plugins_strategies_are_listed_beside_the_others()
    {
        LabExit lab = LabProcess.Run("list", "strategies", "--plugin", LabProcess.Plugin);
        Assert.Equal(0, lab.Code);
        Assert.Contains("zap-inline ", lab.Out);
        Assert.Matches("never-flushes +BROKEN", lab.Out);
    }

    [Fact]
    public void Without_the_plugin_its_strategies_are_unknown() => Refused([], "There is no strategy 'zap-inline'", "There are: baseline");

    [Fact]
    public void A_plugin_that_is_not_there_is_refused() => Refused(["--plugin", _runs.Beside("none.dll")], "does not exist", "compiled assembly");

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
        Refused(["--plugin", LabProcess.Plugin, "--plugin", LabProcess.Plugin], "but there is a strategy of that name", "rename it");

    private void Refused(string[] plugin, string complaint, string remedy)
    {
        BadInputTests.AssertRefusal(LabProcess.Run([.. plugin, "--strategy", "zap-inline", "--out", _runs.Path]), complaint, remedy);
        Assert.False(Directory.Exists(_runs.Path));
    }
}
