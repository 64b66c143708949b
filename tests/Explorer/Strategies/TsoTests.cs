using Lab.Explorer;
using Lab.Explorer.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>x86-TSO: what is wrong without store buffers is wrong with them, and some of what is right is not.</summary>
public sealed class TsoTests
{
    private static readonly StrategySettings Tso = Strategy.Bounded with { Model = MemoryModel.Tso };

    [Theory]
    [InlineData("async-put", "fast-zap-toggle", "I1")]
    [InlineData("off-list", "fast-zap-unmap", "I4")]
    [InlineData("requeue", "fast-zap-put", "I10")]
    [InlineData("refcount2-first", "destroy", "I3")]
    public void The_broken_strategies_are_rejected_with_store_buffers_too(string strategy, string scenario, string invariant)
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore(strategy, scenario, Tso), invariant);
        Assert.Contains(":tso:", failure.Replay, StringComparison.Ordinal);
        Failure replayed = Strategy.AssertViolated(Strategy.Replay(strategy, scenario, failure.Replay), invariant);
        Assert.Equal((failure.Finding, failure.Steps.Count), (replayed.Finding, replayed.Steps.Count));
    }

    [Theory]
    [InlineData("baseline", "fast-zap-put")]
    [InlineData("mainline", "fast-zap-put")]
    [InlineData("refcount2", "destroy")]
    public void Sound_strategies_stay_sound(string strategy, string scenario) =>
        Strategy.AssertNothing(Strategy.Explore(strategy, scenario, Strategy.Exhaustive with { Model = MemoryModel.Tso }));

    /// <summary>Two vCPUs raise a flag each and look at the other's: both may find it down only if a load overtakes a store. A
    /// fence between the two forbids it.</summary>
    [Theory]
    [InlineData(MemoryModel.Sc, false, false)]
    [InlineData(MemoryModel.Tso, false, true)]
    [InlineData(MemoryModel.Tso, true, false)]
    public void A_handshake_without_a_fence_fails_only_with_store_buffers(MemoryModel model, bool fences, bool fails)
    {
        const string text = "slot main 0 + 1\nthread vcpu0: reload\nthread vcpu1: reload\nend destroy\n";
        ExploreResult result =
            Strategy.Explore(vm => new Wrong.Handshake(vm, fences), text, Strategy.Exhaustive with { Model = model });
        if (fails)
        {
            Failure failure = Strategy.AssertViolated(result, "exception");
            Assert.Contains("both went first", failure.Finding.What, StringComparison.Ordinal);
            Assert.Contains(failure.Steps, step => step.What.StartsWith("buffered store reaches", StringComparison.Ordinal));
        }
        else
        {
            Strategy.AssertNothing(result);
        }
    }
}
