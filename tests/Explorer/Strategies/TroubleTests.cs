using Lab.Explorer;
using Lab.Explorer.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Strategies that cannot be explored, and strategies that stop: said as what they are, never taken for sound.</summary>
public sealed class TroubleTests
{
    private const string Toggle = "fast-zap-toggle";

    [Fact]
    public void One_that_stores_something_else_each_time_is_nondeterministic()
    {
        int[] counter = [0];
        Strategy.AssertUncontrollable(Strategy.Explore(vm => new Wrong.CountingStores(vm, counter), Toggle, Strategy.Exhaustive),
            "nondeterministic");
        Strategy.AssertUncontrollable(Strategy.Explore(vm => new Wrong.CountingStores(vm, counter), Toggle, Strategy.Bounded),
            "nondeterministic");
    }

    [Fact]
    public void One_that_goes_another_way_now_and_then_is_nondeterministic()
    {
        int[] counter = [0];
        Failure failure = Strategy.AssertUncontrollable(
            Strategy.Explore(vm => new Wrong.Moody(vm, counter), Toggle, Strategy.Exhaustive), "nondeterministic");
        Assert.Contains("nondeterministic, or touches shared state that the machine cannot see", failure.Finding.What,
            StringComparison.Ordinal);
    }

    [Fact]
    public void One_whose_threads_share_a_field_without_a_lock_between_them_is_not_called_explored()
    {
        Failure failure = Strategy.AssertUncontrollable(Strategy.Explore(vm => new Wrong.SecretField(vm, readsInSection: true),
            Toggle, Strategy.Exhaustive), "nondeterministic");
        Assert.Contains("zapper", failure.Finding.What, StringComparison.Ordinal);
    }

    /// <summary>A limit of the method: a read of a plain field belongs to the event before it. If that is the end of an exclusive
    /// section the field cannot be told from one that the lock protects, and the interleavings in between are not
    /// there.</summary>
    [Fact]
    public void One_that_reads_such_a_field_right_behind_an_exclusive_section_is_explored_as_if_it_read_inside() =>
        Strategy.AssertNothing(
            Strategy.Explore(vm => new Wrong.SecretField(vm, readsInSection: false), Toggle, Strategy.Exhaustive));

    /// <summary>Fields under a lock are what strategies are made of: the order of the critical sections is part of the state
    /// then.</summary>
    [Fact]
    public void One_whose_threads_share_fields_under_a_lock_is_explored() =>
        Strategy.AssertNothing(Strategy.Explore("second-list-shared", "fast-zap-put", Strategy.Exhaustive));

    [Fact]
    public void One_that_never_comes_back_is_left_behind_and_named()
    {
        using ManualResetEventSlim release = new();
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.Silent(vm, release), Toggle,
                Strategy.Exhaustive with { StepTimeout = TimeSpan.FromMilliseconds(300) }), "never ends");
        Assert.Contains("zapper", failure.Finding.What, StringComparison.Ordinal);
        release.Set();
    }

    [Theory]
    [InlineData(StrategySearch.Exhaustive)]
    [InlineData(StrategySearch.Random)]
    public void One_that_goes_on_for_ever_is_stopped(StrategySearch search)
    {
        Failure failure = Strategy.AssertUncontrollable(
            Strategy.Explore(vm => new Wrong.Busy(vm), Toggle, Strategy.Exhaustive with { Search = search }), "never ends");
        Assert.Contains("zapper made more than", failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_that_wait_for_each_other_are_named_with_what_they_wait_for()
    {
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.LocksCrosswise(vm), "fast-zap-put", Strategy.Bounded), "deadlock");
        Assert.Contains("zapper waits for one, held by vcpu0", failure.Finding.What, StringComparison.Ordinal);
        Assert.Contains("vcpu0 waits for two, held by zapper", failure.Finding.What, StringComparison.Ordinal);
        Assert.Equal(1, failure.Preemptions);
    }

    [Fact]
    public void One_that_throws_is_violated_by_what_it_threw()
    {
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.Throwing(vm), "fast-zap-put", Strategy.Bounded), "exception");
        Assert.Equal("zapper: InvalidOperationException: somebody was faster", failure.Finding.What);
    }

    [Fact]
    public void One_that_waits_for_what_nobody_does_is_a_lost_wake_up()
    {
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.AwaitsVcpu(vm), "fast-zap-put", Strategy.Bounded), "lost wake-up");
        Assert.Contains("zapper waits for a change of vcpu0.requests", failure.Finding.What, StringComparison.Ordinal);
        Assert.Contains("nobody is left to change it", failure.Finding.What, StringComparison.Ordinal);
    }
}
