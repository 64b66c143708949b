using System.Globalization;
using Lab.Results.GoBench;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>The example that benchstat documents itself with (golang.org/x/perf/cmd/benchstat): its times, and what it prints of
/// them.</summary>
public sealed class GoBenchmarksTests
{
    private static readonly int[] OldJson = [1726, 1723, 1707, 1707, 1713, 1729, 1736, 1707, 1705, 1774];
    private static readonly int[] NewJson = [1423, 1416, 1411, 1413, 1412, 1426, 1422, 1424, 1447, 1425];
    private static readonly int[] OldGob = [3069, 3075, 3069, 3067, 3207, 3064, 3064, 3058, 3059, 3062];
    private static readonly int[] NewGob = [3075, 3065, 3059, 3065, 3060, 3081, 3186, 3135, 3087, 3062];

    private static string Output(int[] json, int[] gob) =>
        "some prose: with a colon, and Benchmarks\ngoos: linux\ngoarch: amd64\npkg: example.org/x\n"
        + Lines("json", json) + Lines("gob", gob) + "PASS\nok  \texample.org/x\t1.2s\n";

    private static string Lines(string format, int[] times) => string.Concat(
        times.Select(time => string.Create(CultureInfo.InvariantCulture,
            $"BenchmarkEncode/format={format}-48         \t  690848\t      {time} ns/op\n")));

    private static GoBenchmarks Read(string text) => GoBenchmarks.Read(new StringReader(text), "bench.txt");

    [Fact]
    public void The_change_the_p_and_the_counts_are_those_that_benchstat_prints()
    {
        IReadOnlyList<GoBenchmarkChange> changes =
            GoBenchmarkChange.Between(Read(Output(OldJson, OldGob)), Read(Output(NewJson, NewGob)));
        Assert.Equal(["-17.20% (p=0.000 n=10)", "~ (p=0.446 n=10)"], changes.Select(change => change.ToString()));
        Assert.Equal((1718, 1422.5), (changes[0].BaseMedian, changes[0].NewMedian));
        Assert.Equal((3065.5, 3070), (changes[1].BaseMedian, changes[1].NewMedian));
        Assert.Equal("Encode/format=json-48", changes[0].Name);
    }

    [Fact]
    public void One_run_a_side_tells_nothing()
    {
        GoBenchmarkChange change =
            Assert.Single(GoBenchmarkChange.Between(Read("BenchmarkX 1 100 ns/op\n"), Read("BenchmarkX 1 101 ns/op\n")));
        Assert.Equal("~ (p=1.000 n=1)", change.ToString());
    }

    [Fact]
    public void Several_units_of_a_line_are_benchmarks_of_their_own_and_the_machine_is_kept()
    {
        GoBenchmarks read = Read("goos: linux\nnote: hw off\nBenchmarkCopy-2 \t 10\t 5.5 ns/op\t 100 MB/s\t 0 B/op\n");
        Assert.Equal([("Copy-2", "ns/op", 5.5), ("Copy-2", "MB/s", 100), ("Copy-2", "B/op", 0)],
            read.Benchmarks.Select(one => (one.Name, one.Unit, one.Values[0])));
        Assert.Equal("hw off", read.Configuration["note"]);
        Assert.Empty(read.Damaged);
    }

    [Theory]
    [InlineData("BenchmarkX 10 5", "3 fields")]
    [InlineData("BenchmarkX many 5 ns/op", "'many' is not a number of iterations")]
    [InlineData("BenchmarkX 10 fast ns/op", "'fast' is not a number of ns/op")]
    public void A_damaged_line_is_reported_and_the_others_are_read(string line, string why)
    {
        GoBenchmarks read = Read($"BenchmarkX 10 5 ns/op\n{line}\nBenchmarkX 10 6 ns/op\n");
        Assert.Equal([5, 6], Assert.Single(read.Benchmarks).Values);
        Assert.Equal(2, Assert.Single(read.Damaged).Line);
        Assert.Contains(why, read.Damaged[0].Why, StringComparison.Ordinal);
    }
}
