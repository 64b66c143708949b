using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Tests.Explorer.Planted;
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
            Strategy.Explore(vm => new Wrong.Counting(vm), Toggle, Strategy.Exhaustive with { Search = search }), "never ends");
        Assert.Contains("zapper made more than", failure.Finding.What, StringComparison.Ordinal);
    }

    /// <summary>Whether it says that it waits or not: a turn that leaves everything as it was is made again and again.</summary>
    [Theory]
    [InlineData(true, StrategySearch.Exhaustive)]
    [InlineData(true, StrategySearch.Bounded)]
    [InlineData(true, StrategySearch.Random)]
    [InlineData(false, StrategySearch.Exhaustive)]
    [InlineData(false, StrategySearch.Bounded)]
    [InlineData(false, StrategySearch.Random)]
    public void One_that_goes_round_in_a_circle_is_a_livelock_with_its_circle(bool relaxes, StrategySearch search)
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore(
            vm => relaxes ? new Rezaps<Explored>(vm) : new RezapsSilently<Explored>(vm), "fast-zap-destroy",
            Strategy.Exhaustive with { Search = search }), "livelock");
        Assert.Contains("vcpu0 goes round: lock mmu_lock shared, get B 1→2, put B 2→1, unlock mmu_lock", failure.Finding.What,
            StringComparison.Ordinal);
        Strategy.AssertViolated(StrategyExplorer.Replay("mine", Strategy.With(
            vm => relaxes ? new Rezaps<Explored>(vm) : new RezapsSilently<Explored>(vm)),
            Strategy.ScenarioOf("fast-zap-destroy"), failure.Replay, TestContext.Current.CancellationToken), "livelock");
    }

    [Theory]
    [InlineData(StrategySearch.Exhaustive)]
    [InlineData(StrategySearch.Bounded)]
    [InlineData(StrategySearch.Random)]
    public void Two_that_undo_each_others_step_are_a_livelock_with_what_each_does(StrategySearch search)
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore(vm => new PingPong<Explored>(vm),
            "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: reload\nthread zapper: delete churn\nthread vcpu0: unload\n",
            Strategy.Exhaustive with { Search = search }), "livelock");
        Assert.Matches("zapper goes round: [^.]*claim 0→1", failure.Finding.What);
        Assert.Matches("vcpu0 goes round: [^.]*claim 1→0", failure.Finding.What);
    }

    /// <summary>Without a preemption there is always one of the two who finds that something has changed.</summary>
    [Fact]
    public void Two_that_go_round_together_are_a_livelock_with_the_round()
    {
        Failure failure = Strategy.AssertViolated(Strategy.Explore(vm => new PingPongClaims<Explored>(vm),
            "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: reload\nthread zapper: delete churn\nthread vcpu0: unload\n",
            Strategy.Bounded), "livelock");
        Assert.Equal(0, failure.Preemptions);
        Assert.StartsWith("each undoes what the others do", failure.Finding.What, StringComparison.Ordinal);
        Assert.EndsWith("zapper goes round: claim 2→1. vcpu0 goes round: claim 1→2", failure.Finding.What,
            StringComparison.Ordinal);
    }

    /// <summary>What a turn wrote was undone by somebody else while the turn was on: made again, it goes another way.</summary>
    [Fact]
    public void One_whose_turn_was_disturbed_goes_on_and_is_no_livelock() =>
        Strategy.AssertNothing(Strategy.Explore(vm => new GivesWay<Explored>(vm),
            "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: reload\nthread zapper: delete churn\nthread vcpu0: unload\n",
            Strategy.Bounded with { PreemptionsMax = 2 }));

    [Fact]
    public void One_that_writes_the_same_for_ever_is_a_livelock() =>
        Strategy.AssertViolated(Strategy.Explore(vm => new Wrong.Busy(vm), Toggle, Strategy.Exhaustive), "livelock");

    /// <summary>Turns of a loop that take a lock and a reference may be what brings the end, or wait for somebody who does: that
    /// is no livelock.</summary>
    [Fact]
    public void One_whose_circle_somebody_ends_is_explored_to_the_end() =>
        Strategy.AssertNothing(Strategy.Explore(vm => new Wrong.AwaitsLeaving(vm),
            "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: reload\nthread zapper: delete churn\nthread vcpu0: unload\n",
            Strategy.Exhaustive));

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
    public void One_whose_constructor_throws_is_violated_by_what_it_threw()
    {
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.Unbuilt(vm, () => throw new InvalidOperationException("no such thing")), Toggle,
                Strategy.Exhaustive), "exception");
        Assert.Equal("the constructor threw InvalidOperationException: no such thing", failure.Finding.What);
    }

    [Fact]
    public void One_whose_constructor_never_returns_is_left_behind_and_said()
    {
        using ManualResetEventSlim release = new();
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.Unbuilt(vm, release.Wait), Toggle,
                Strategy.Exhaustive with { StepTimeout = TimeSpan.FromMilliseconds(300) }), "never ends");
        Assert.StartsWith("the constructor has run for 0.3 s without coming back", failure.Finding.What,
            StringComparison.Ordinal);
        release.Set();
    }

    [Fact]
    public void Who_interrupts_does_not_wait_for_a_constructor()
    {
        using ManualResetEventSlim release = new();
        using CancellationTokenSource cancellation = new();
        ExploreResult result = StrategyExplorer.Explore("mine", Strategy.With(vm => new Wrong.Unbuilt(vm, () =>
            {
                cancellation.Cancel();
                release.Wait();
            })), Strategy.ScenarioOf(Toggle), Strategy.Exhaustive with { StepTimeout = TimeSpan.FromMinutes(5) }, observer: null,
            cancellation.Token);
        Assert.Equal((Verdict.NothingFound, true), (result.Verdict, result.EndedEarly));
        release.Set();
    }

    /// <summary>Both forms: with and without saying that it waits.</summary>
    [Fact]
    public void One_that_spins_on_a_field_under_a_lock_is_a_deadlock()
    {
        Failure failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new SpinsOnField<Explored>(vm), "fast-zap-put", Strategy.Bounded), "deadlock");
        Assert.Contains("zapper waits for something that is no word of the machine, with ", failure.Finding.What,
            StringComparison.Ordinal);
        using ManualResetEventSlim release = new();
        failure = Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.SilentUnderLock(vm, release), "fast-zap-put",
                Strategy.Exhaustive with { StepTimeout = TimeSpan.FromMilliseconds(300) }), "deadlock");
        Assert.Contains("without an event, with ", failure.Finding.What, StringComparison.Ordinal);
        release.Set();
    }

    [Fact]
    public void A_shared_word_of_its_own_is_made_in_the_constructor_and_explored()
    {
        Strategy.AssertNothing(Strategy.Explore(vm => new Peterson<Explored>(vm), "two-vcpus-load", Strategy.Exhaustive));
        Failure failure = Strategy.AssertViolated(Strategy.Explore(vm => new NoFence<Explored>(vm), "two-vcpus-load",
            Strategy.Exhaustive with { Model = MemoryModel.Tso }), "I13");
        Assert.Contains(failure.Steps, step => step.What == "buffered store reaches vcpu0 wants = 1");
        Assert.Contains("make it in the constructor", Strategy.AssertViolated(
            Strategy.Explore(vm => new Wrong.LateWord(vm), Toggle, Strategy.Exhaustive), "exception").Finding.What,
            StringComparison.Ordinal);
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
