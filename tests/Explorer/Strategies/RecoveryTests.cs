using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>NX recovery without what makes it right, and what it asks of the oracles.</summary>
public sealed class RecoveryTests
{
    /// <summary>No access is needed to see it: a vCPU that goes on would use the table (I21).</summary>
    [Theory]
    [InlineData("recover-fault")]
    [InlineData("recover-fast-zap")]
    public void A_table_that_is_given_up_without_a_flush_is_still_known(string scenario)
    {
        Failure failure = Strategy.AssertViolated(Explore(vm => new NeverFlushes(vm), scenario), "I21");
        Assert.Contains("through a table that recoverer has taken out", failure.Finding.What, StringComparison.Ordinal);
    }

    /// <summary>The vCPU has faulted the page in again through a table in the same place: that is no stale translation, although
    /// another zap of it, beside, has not been flushed yet.</summary>
    [Fact]
    public void What_was_faulted_in_again_is_not_stale() =>
        Strategy.AssertNothing(Strategy.Explore("mainline",
            "slot main 0 + 1\nbefore vcpu0: touch 0\nthread first: recover 0\nthread second: recover 0\n"
                + "thread vcpu0: touch 0\nend destroy\n", Strategy.Exhaustive));

    /// <summary>Reference 8.8, Q16: a thread in a subtree of a root that a fast zap has just given up (claim I7) can only be one
    /// that recovers from invalid roots too, as the kernel's does. A strategy that counts who is in a subtree waits for
    /// it.</summary>
    [Theory]
    [InlineData("mainline", "recover 0", "")]
    [InlineData("mainline", "recover 0 all", "I7")]
    [InlineData("second-list", "recover 0 all", "")]
    public void Recovery_is_in_a_subtree_of_a_zapped_root_if_it_looks_at_invalid_ones(
        string strategy, string action, string claims)
    {
        ExploreResult result = Strategy.Explore(strategy,
            "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: touch 0\nthread zapper: delete churn\n"
                + $"thread recoverer: {action}\nend destroy\n", Strategy.Exhaustive);
        Strategy.AssertNothing(result);
        Assert.Equal(claims, string.Join(",", result.Claims.Select(claim => claim.Invariant).Distinct()));
    }

    private static ExploreResult Explore(Func<Vm<Explored>, NxRecovery<Explored>> recovery, string scenario) =>
        StrategyExplorer.Explore("mine", Strategy.Named("mainline") with { Recovery = recovery }, Strategy.ScenarioOf(scenario),
            Strategy.Exhaustive, observer: null, TestContext.Current.CancellationToken);

    private sealed class NeverFlushes(Vm<Explored> vm) : NxRecovery<Explored>(vm)
    {
        protected override void Flush() { }
    }
}
