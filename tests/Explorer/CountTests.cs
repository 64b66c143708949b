using Lab.Explorer;
using Lab.Explorer.Programs;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>How many executions there are, where the literature or arithmetic says so: one too few is unsound, one too many is
/// not optimal.</summary>
public sealed class CountTests
{
    [Theory]
    [InlineData("readers", 2, 4)]
    [InlineData("readers", 8, 256)]
    [InlineData("readers", 13, 8192)]
    [InlineData("increments2", 1, 1)]
    [InlineData("increments2", 2, 4)]
    [InlineData("increments2", 3, 36)]
    [InlineData("increments2", 4, 576)]
    [InlineData("fib", 1, 3)]
    [InlineData("fib", 2, 19)]
    [InlineData("fib", 3, 141)]
    [InlineData("fib", 4, 1107)]
    [InlineData("fib", 5, 8953)]
    public void Under_sequential_consistency_every_class_is_executed_once(string program, int size, long executions) =>
        AssertCount(program, size, MemoryModel.Sc, executions);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 6)]
    [InlineData(4, 24)]
    [InlineData(5, 120)]
    [InlineData(6, 720)]
    [InlineData(7, 5040)]
    public void Atomic_increments_come_in_every_order_under_either_model(int threads, long executions)
    {
        AssertCount("increments", threads, MemoryModel.Sc, executions);
        AssertCount("increments", threads, MemoryModel.Tso, executions);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_ring_of_store_buffers_has_one_more_execution_where_loads_overtake_stores(int threads)
    {
        AssertCount("sb", threads, MemoryModel.Sc, (1 << threads) - 1);
        AssertCount("sb", threads, MemoryModel.Tso, 1 << threads);
    }

    private static void AssertCount(string program, int size, MemoryModel model, long executions)
    {
        ExploreResult result = Exploring.Of(ClassicPrograms.Find(program)!.OfSize(size), new ExploreSettings { Model = model });
        Assert.Equal(Verdict.NothingFound, result.Verdict);
        Assert.True(result.IsComplete);
        Assert.Equal(executions, result.Executions);
        Assert.Equal(0, result.Cut);
    }
}
