using Lab.Bench.Peers;
using Xunit;

namespace Lab.Tests.Bench;

/// <summary>The arithmetic of the memslot comparison.</summary>
public sealed class MemslotFigureTests
{
    [Fact]
    public void Percentiles_are_the_samples_that_the_peer_takes()
    {
        // Index (long)(q * (n - 1) + 0.5) of the sorted samples: of 0 to 99, 49.5 + 0.5 and 98.01 + 0.5.
        long[] samples = [.. Enumerable.Range(0, 100).Select(value => (long)value).Reverse()];
        Assert.Equal(new RoundQuantiles(P50: 50, P99: 98, Samples: 100), RoundQuantiles.Of(samples));
        Assert.Equal(new RoundQuantiles(7, 7, 1), RoundQuantiles.Of((long[])[7]));
    }

    [Fact]
    public void The_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_medians()
    {
        MemslotRow row = new("delete", 512);
        row.Add(new RoundQuantiles(100, 1000, 1), new RoundQuantiles(100, 500, 1)); // 1, 2
        row.Add(new RoundQuantiles(300, 1000, 1), new RoundQuantiles(100, 1000, 1)); // 3, 1
        row.Add(new RoundQuantiles(400, 4000, 1), new RoundQuantiles(200, 1000, 1)); // 2, 4
        Assert.Equal("delete,512,300,100,2.000,1000,1000,2.000,3,3.000,1.000", row.ToCsv());
        Assert.Equal(MemslotRow.CsvHeader.Split(',').Length, row.ToCsv().Split(',').Length);
    }

    [Fact]
    public void The_peers_lines_are_read_by_operation()
    {
        const string Output = """
            ,recreate,delete,anon,1,1,self,512,32768,0,400,82043,84736,86138,114511,2469846,2469846,91589,165.5,0.2,0,0,0,0
            ,recreate,create,anon,1,1,self,512,32768,0,400,35533,36815,37566,43936,390823,390823,38699,71.9,0.2,0,0,0,0
            ,recreate,fault_pass,anon,1,1,self,512,32768,0,400,318665,334129,357994,386527,776209,776209,339582,652.6,0.2,0,0,0,0
            ,recreate,warm_pass,anon,1,1,self,512,32768,0,400,31878,33420,34191,60430,341369,341369,34592,65.3,0.2,0,0,0,0
            """;
        MemslotCase work = MemslotCase.All.First(work => work.Pages == 512);
        Assert.Equal([new RoundQuantiles(84736, 114511, 400), new RoundQuantiles(36815, 43936, 400),
            new RoundQuantiles(334129, 386527, 400)], MemslotPeer.Read(Output, work));
        Assert.Contains("fault_pass",
            Assert.Throws<PeerFailedException>(() => MemslotPeer.Read(Output.Replace("fault", "f"), work)).Message);
    }

    [Fact]
    public void What_must_be_compared_is_compared()
    {
        Assert.Equal(
            ["delete 0", "create 0", "delete 512", "create 512", "fault_pass 512", "delete 4096", "create 4096",
                "fault_pass 4096", "fault_tsc 512"],
            MemslotCase.All.SelectMany(work => work.Operations.Select(operation => $"{operation} {work.Pages}")));
    }
}
