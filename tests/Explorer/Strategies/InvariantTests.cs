using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Invariants that no strategy of the catalogue breaks, each broken by one that is made for it: a watch that cannot bark is none.</summary>
[Collection(Explorations.Name)]
public sealed class InvariantTests
{
    private const string TwoLoaders = "slot main 0 + 1\nthread vcpu0: reload\nthread vcpu1: reload\nend destroy\n";
    private const string PutAndFastZap = "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: touch 0\nthread zapper: delete churn\nthread vcpu0: unload\nend destroy\n";
    private const string PutAndUnmap = "slot main 0 + 4\nbefore vcpu0: touch 0, touch 2\nthread vcpu0: unload\nthread host: unmap 2 + 1\nend destroy\n";

    [Fact]
    public void I13_two_valid_roots_of_one_role()
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.LooksOnce(vm), TwoLoaders, Strategy.Bounded), "I13");
        Assert.Contains("are both valid and of one role", failure.Finding.What, StringComparison.Ordinal);
        Strategy.AssertNothing(Strategy.Explore("mainline", TwoLoaders, Strategy.Exhaustive));
    }

    [Fact]
    public void I14_a_writer_sees_a_linked_root_at_zero()
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.YieldsAtZero(vm), PutAndFastZap, Strategy.Bounded), "I14");
        Assert.Contains("zapper took mmu_lock exclusive while root A is linked with count 0", failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void I12_a_valid_root_reaches_zero() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.PutsEarly(vm), PutAndFastZap, Strategy.Bounded), "I12");

    [Fact]
    public void I16_a_reference_that_nobody_puts() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.Leaks(vm), PutAndFastZap, Strategy.Bounded), "I16");

    /// <summary>In the model a root that is freed with its tables in it is I9's leaked child; a notifier would have missed it even before.</summary>
    [Fact]
    public void I4_a_root_that_maps_something_is_off_the_list() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.FreesUnzapped(vm), PutAndUnmap.Replace("end destroy", "", StringComparison.Ordinal), Strategy.Bounded), "I4");
}
