using System.Xml.Linq;
using Lab.Plots;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>A small record of slot-growth, as one figure.</summary>
public sealed class SlotGrowthFigureTests : IDisposable
{
    private static readonly long[] Sizes = [0, 1, 8, 64, 512, 4096, 32_768, 65_536];

    private readonly TemporaryFolder _temporary = new();
    private readonly RunRecord _run;

    public SlotGrowthFigureTests() => _run = new RunStore(_temporary.Path).Open(Write(_temporary.Path));

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_run_has_one_figure_of_growth_instead_of_two_per_size()
    {
        Figure figure = Assert.Single(Figures.Of(_run));
        Assert.Equal("slot-growth.kvm.update.growth.svg", figure.FileName);
        Assert.Empty(Figures.LatenciesIn(_run, _run.Scenes[0]));
        Assert.Equal(Sizes, GrowthCurve.SizesIn(_run, _run.Scenes[0]));
    }

    [Fact]
    public void The_figure_has_a_line_per_strategy_for_updates_and_for_refaults_and_a_place_for_zero_pages()
    {
        string svg = Figures.Of(_run).Single().Plot.GetSvg();
        Assert.DoesNotContain("NaN", svg);
        string[] words =
            [.. XDocument.Parse(svg).Descendants(XName.Get("text", "http://www.w3.org/2000/svg")).Select(text => text.Value)];
        foreach (string strategy in (string[])["kernel", "kernel-slot-zap"])
        {
            Assert.Contains($"{strategy}: delete", words);
            Assert.Contains($"{strategy}: refault per page", words);
        }
        Assert.Superset(new HashSet<string>(["0", "1", "8", "64", "512", "4,096", "32,768", "262,144"]),
            new HashSet<string>(words));
    }

    [Fact]
    public void A_point_is_what_was_measured_at_its_size()
    {
        Scene scene = _run.Scenes[0];
        double small = GrowthCurve.At(_run, scene, "kernel", GrowthCurve.Update, 8)!.P50;
        double large = GrowthCurve.At(_run, scene, "kernel", GrowthCurve.Update, 65_536)!.P50;
        Assert.InRange(small, 40_000, 70_000);
        Assert.InRange(large, 2_500_000, 4_500_000);
        Assert.Null(GrowthCurve.At(_run, scene, "kernel", GrowthCurve.Refault, 0));
    }

    [Theory]
    [InlineData("update.pages_0", true)]
    [InlineData("warm.pages_1048576", true)]
    [InlineData("put.pages_4096", false)]
    [InlineData("update", false)]
    [InlineData("update.pages_", false)]
    [InlineData("update.phase.srcu", false)]
    public void Only_sizes_of_a_slot_are_points(string metric, bool expected) =>
        Assert.Equal(expected, GrowthCurve.IsPoint(metric));

    private static string Write(string root)
    {
        RunFolder folder = RunFolder.Create(root, SampleRun.Manifest);
        Random random = new(7);
        foreach ((string strategy, double perPage) in ((string, double)[])[("kernel", 50), ("kernel-slot-zap", 80)])
        {
            MeasurementKey key = new(strategy, "slot-growth", "kvm", 1);
            SampledMetrics samples = new(key, random);
            foreach (long pages in Sizes)
            {
                samples.Add($"update.pages_{pages}", 1000, 50_000 + perPage * pages, 0.01);
                samples.Add($"create.pages_{pages}", 1000, 12_000, 0.01);
                if (pages > 0) samples.Add($"refault.pages_{pages}", 1000, 700, 0.01);
            }
            folder.Write(new MeasurementRows(new Measurement
            {
                Strategy = strategy, Family = "kernel", Workload = "slot-growth", Mmu = "kvm", Run = 1, Verdict = Verdict.Clean,
                MeasuredS = 5,
            })
            { Summary = samples.Summary, Histograms = samples.Histograms, Timeline = samples.Timeline });
        }
        folder.Complete();
        return folder.Path;
    }
}
