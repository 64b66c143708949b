using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>The graph search against a machine that is stepped through all interleavings: same classes, same outcomes, on random
/// programs.</summary>
public sealed class CrossCheckTests
{
    private const int ProgramsPerSeed = 150;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_class_of_a_random_program_is_executed_exactly_once(int seed)
    {
        Random random = new(seed);
        for (int count = 0; count < ProgramsPerSeed; count++)
        {
            TinyProgram program = TinyProgram.Random(random);
            AssertSame(program, MemoryModel.Sc);
            AssertSame(program, MemoryModel.Tso);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Every_class_of_a_random_program_that_waits_is_executed_once_and_no_deadlock_escapes(int seed)
    {
        Random random = new(seed);
        for (int count = 0; count < ProgramsPerSeed; count++)
        {
            TinyProgram program = TinyProgram.RandomWaiting(random);
            foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
            {
                EveryInterleaving all = EveryInterleaving.Of(program, model);
                ExploreResult result = Exploring.Of(program.Scene, new ExploreSettings { Model = model, KeepGoing = true });
                Assert.True(result.IsComplete, $"{program} under {model}: {result.Bound}");
                Assert.True(all.Classes.Count == result.Executions,
                    $"{program} under {model}: {all.Classes.Count} classes, {result.Executions} executions");
                Assert.True(all.IsStuck == (result.Verdict == Verdict.Violated),
                    $"{program} under {model}: {result.Failure?.Finding}");
                Assert.Equal(all.Outcomes.Order(StringComparer.Ordinal), result.Outcomes.Keys.Order(StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    public void The_enumerator_itself_knows_store_buffering()
    {
        TinyProgram program =
            new(2, [[new(Do.Store, 0, 1, 0), new(Do.Load, 1, 0, 0)], [new(Do.Store, 1, 1, 0), new(Do.Load, 0, 0, 0)]]);
        Assert.Equal(3, EveryInterleaving.Of(program, MemoryModel.Sc).Outcomes.Count);
        Assert.Equal(4, EveryInterleaving.Of(program, MemoryModel.Tso).Outcomes.Count);
    }

    private static void AssertSame(TinyProgram program, MemoryModel model)
    {
        EveryInterleaving all = EveryInterleaving.Of(program, model);
        ExploreResult result = Exploring.Of(program.Scene, new ExploreSettings { Model = model });
        Assert.True(result.IsComplete && result.Cut == 0, $"{program} under {model}: {result.Bound}, {result.Cut} cut");
        Assert.True(all.Classes.Count == result.Executions,
            $"{program} under {model}: {all.Classes.Count} classes, {result.Executions} executions");
        Assert.Equal(all.Outcomes.Order(StringComparer.Ordinal), result.Outcomes.Keys.Order(StringComparer.Ordinal));
    }
}
