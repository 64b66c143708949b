using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Tests.Measure;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A comparison whose outcome is known, so it is measured beside no other test.</summary>
[Collection(TimingCollection.Name)]
public sealed class CompareDelayTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void An_injected_delay_lengthens_updates_by_its_share_and_is_called_out()
    {
        LabExit lab = LabProcess.Run(
            _runs.Tiny("workqueue", "workqueue", "--inject", "400", "--blocks", "3", "--turns", "off", "--format", "csv"));

        string[] p50 = lab.Out.Split('\n').Single(line => line.StartsWith("update,p50,", StringComparison.Ordinal)).Split(',');
        Assert.Equal("workqueue#2", p50[4]);
        // Five times: of the quickest update of each arm, since a busy machine only adds. (Medians of whole runs were seen
        // fifteen times apart where a neighbour took the core from every other run.)
        ComparisonFolder folder = _runs.Only();
        double Quickest(int arm) => folder.Manifest.Blocks.SelectMany(block => block.Runs).Where(run => run.Arm == arm)
            .SelectMany(run => new RunStore(folder.Runs).Open(run.Run!).Summary).Where(row => row.Metric == "update")
            .Min(row => row.Min);
        Assert.InRange(Quickest(1) / Quickest(0), 2, 12);
        Assert.Contains("--inject: workqueue none | workqueue#2 400%", lab.Error);
    }
}
