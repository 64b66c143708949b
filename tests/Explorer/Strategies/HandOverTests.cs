using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>A reference that changes hands by way of a list: the books follow it, whether the strategy says so or not.</summary>
public sealed class HandOverTests
{
    /// <summary>A vCPU's put appends, a fast zap beside it and a second one drain.</summary>
    private const string TwoDrains = "slot main 0 + 1\nslot churn 1 + 1\nslot spare 2 + 1\nbefore vcpu0: touch 0\n"
        + "thread zapper0: delete churn\nthread zapper1: delete spare\nthread vcpu0: unload\nend destroy\n";

    [Theory]
    [InlineData("fast-zap-put", true)]
    [InlineData("fast-zap-put", false)]
    [InlineData("fast-zap-toggle", true)]
    [InlineData("fast-zap-toggle", false)]
    [InlineData(TwoDrains, false)]
    public void A_list_may_carry_references_and_need_not_be_announced(string scenario, bool says) =>
        Strategy.AssertNothing(Strategy.Explore(vm => new Wrong.OwnList(vm, says), scenario, Strategy.Exhaustive));

    /// <summary>Said or not, one reference has one putter, and the first who puts what he was not given is named.</summary>
    [Theory]
    [InlineData("fast-zap-put", true)]
    [InlineData("fast-zap-put", false)]
    [InlineData("fast-zap-toggle", false)]
    public void A_reference_from_the_list_that_is_put_twice_is_found(string scenario, bool says)
    {
        ExploreResult result = Strategy.Explore(vm => new Wrong.OwnListPutTwice(vm, says), scenario, Strategy.Bounded);
        Failure failure = Strategy.AssertViolated(result, "I1");
        Assert.Contains("without holding a reference to it: double put", failure.Finding.What, StringComparison.Ordinal);
    }

    /// <summary>What was said is in the story: the reference is nobody's in particular until it is put.</summary>
    [Fact]
    public void A_reference_that_was_handed_over_is_the_strategys()
    {
        ExploreResult result =
            Strategy.Explore(vm => new Wrong.OwnListPutTwice(vm, says: true), "fast-zap-put", Strategy.Bounded);
        Failure failure = Strategy.AssertViolated(result, "I1");
        Assert.Contains(failure.Steps, step => step.Roots.Any(root => root.Holders.Contains("MMU", StringComparison.Ordinal)));
    }
}
