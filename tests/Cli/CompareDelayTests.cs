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
            _runs.Tiny("workqueue", "workqueue", "--inject", "400", "--blocks", "2", "--turns", "off", "--format", "csv"));

        string[] p50 = lab.Out.Split('\n').Single(line => line.StartsWith("update,p50,", StringComparison.Ordinal)).Split(',');
        Assert.Equal("workqueue#2", p50[4]);
        // five times, on a machine that may be busy
        Assert.InRange(double.Parse(p50[7], System.Globalization.CultureInfo.InvariantCulture), 2, 12);
        Assert.Contains("--inject: workqueue none | workqueue#2 400%", lab.Error);
    }
}
