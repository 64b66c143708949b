using Lab.Explorer;
using Lab.Explorer.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Invariants that no strategy of the catalogue breaks, each broken by one that is made for it: a watch that cannot bark
/// is none.</summary>
public sealed class InvariantTests
{
    private const string TwoLoaders = "slot main 0 + 1\nthread vcpu0: reload\nthread vcpu1: reload\nend destroy\n";
    private const string PutAndFastZap = "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: touch 0\nthread zapper: delete "
        + "churn\nthread vcpu0: unload\nend destroy\n";
    private const string PutAndUnmap =
        "slot main 0 + 4\nbefore vcpu0: touch 0, touch 2\nthread vcpu0: unload\nthread host: unmap 2 + 1\nend destroy\n";

    [Fact]
    public void I13_two_valid_roots_of_one_role()
    {
        Failure failure =
            Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.LooksOnce(vm), TwoLoaders, Strategy.Bounded), "I13");
        Assert.Contains("are both valid and of one role", failure.Finding.What, StringComparison.Ordinal);
        Strategy.AssertNothing(Strategy.Explore("mainline", TwoLoaders, Strategy.Exhaustive));
    }

    [Fact]
    public void I14_a_writer_sees_a_linked_root_at_zero()
    {
        Failure failure =
            Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.YieldsAtZero(vm), PutAndFastZap, Strategy.Bounded), "I14");
        Assert.Contains("zapper took mmu_lock exclusive while root A is linked with count 0", failure.Finding.What,
            StringComparison.Ordinal);
    }

    [Fact]
    public void I12_a_valid_root_reaches_zero() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.NotOwned(vm), PutAndFastZap, Strategy.Bounded), "I12");

    [Fact]
    public void I16_a_reference_that_nobody_puts() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.Leaks(vm), PutAndFastZap, Strategy.Bounded), "I16");

    [Fact]
    public void I9_a_root_is_freed_with_its_tables_in_it() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.FreesUnzapped(vm), PutAndFastZap, Strategy.Bounded), "I9");

    [Fact]
    public void I2_a_root_is_freed_twice() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.FreesTwice(vm), PutAndFastZap, Strategy.Bounded), "I2");

    [Fact]
    public void I19_a_frozen_entry_is_overwritten_by_somebody_else()
    {
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.OverwritesFrozen(vm), PutAndFastZap, Strategy.Bounded), "I19");
        Assert.Contains("which zapper froze", failure.Finding.What, StringComparison.Ordinal);
    }

    /// <summary>What the doc of baseline says must not be done: off the list, a yield, and only then the rest of the zap (I4 of
    /// section 12).</summary>
    [Fact]
    public void I4_a_root_that_maps_something_is_off_the_list() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.UnlinksFirst(vm), PutAndUnmap, Strategy.Bounded), "I4");

    /// <summary>The upstream of 5.13–5.17 skipped invalid roots in its notifiers (section 12, I5).</summary>
    [Fact]
    public void I5_a_notifier_that_skips_invalid_roots()
    {
        ExploreResult result = StrategyExplorer.Explore(
            "mine", Strategy.Named("baseline") with { Notifier = vm => new Wrong.SkipsInvalid(vm) },
            Strategy.ScenarioOf("fast-zap-unmap"), Strategy.Bounded, observer: null,
            TestContext.Current.CancellationToken);
        Failure failure = Strategy.AssertViolated(result, "I5");
        Assert.Contains("root A still maps a frame of", failure.Finding.What, StringComparison.Ordinal);
    }
}
