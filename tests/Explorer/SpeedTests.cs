using Lab.Explorer;
using Lab.Explorer.Programs;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Order of magnitude of the search's speed: the best of several runs, so that a busy machine does not fail
/// it.</summary>
public sealed class SpeedTests(ITestOutputHelper output)
{
    private const int Runs = 7;

    [Theory]
    [InlineData("readers", 13, 100_000)]
    [InlineData("fib", 5, 9_000)]
    [InlineData("increments", 8, 20_000)]
    public void The_search_is_quick(string program, int size, double executionsPerSecond)
    {
        double best = 0;
        for (int run = 0; run < Runs; run++)
        {
            ExploreResult result = Exploring.Of(ClassicPrograms.Find(program)!.OfSize(size));
            best = Math.Max(best, result.Executions / result.Seconds);
        }
        output.WriteLine($"{program}({size}): {best:N0} executions/s");
        Assert.True(best >= executionsPerSecond, $"{best:N0} executions/s");
    }
}
