using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Lab.Strategies.Roots;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Steps that are recalled against steps that are run: the same states, the same executions, the same verdict, of which
/// nearly none is run.</summary>
public sealed class RecallTests
{
    private static readonly StrategySettings Recalled = Strategy.Exhaustive with { AsFound = true };
    private static readonly StrategySettings Run = Recalled with { Recalls = false };
    private const string TwoReloads = "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0..vcpu1: touch 0\nthread zapper: delete "
        + "churn\nthreads vcpu0..vcpu1: reload\nend destroy\n";

    [Theory]
    [InlineData("mainline", "fast-zap-dirty-log")]
    [InlineData("mainline", "mmio-delete")]
    [InlineData("mainline", "touch-deleted")]
    [InlineData("mainline", "split-write")]
    [InlineData("mainline", "merge-fault")]
    [InlineData("mainline", "fast-fault-collect")]
    [InlineData("mainline", "fault-between-start-and-end")]
    [InlineData("workqueue", "fast-zap-put")]
    [InlineData("workqueue", "fast-zap-destroy")]
    [InlineData("refcount2", "last-put-readers")]
    [InlineData("defunct-flag", "fast-zap-toggle")]
    [InlineData("defunct-flag", "fault-beside-notifier")]
    [InlineData("second-list", "fast-zap-put")]
    [InlineData("second-list-shared", "unmap-deleted")]
    [InlineData("baseline", "two-vcpus-load")]
    [InlineData("slot-zap", "touch-recreated")]
    [InlineData("mainline+slots-rwsem", "reap-update")]
    [InlineData("mainline+active-count", "unmap-update")]
    public void States_executions_and_claims_are_those_of_a_search_that_runs_everything(string strategy, string scenario)
    {
        ExploreResult recalled = Strategy.Explore(strategy, scenario, Recalled);
        Assert.Null(recalled.WhyRun);
        Assert.NotNull(recalled.Runs);
        ExploreResult run = Strategy.Explore(strategy, scenario, Run);
        Assert.Null(run.Runs);
        Strategy.AssertNothing(recalled);
        Strategy.AssertNothing(run);
        Assert.Equal((run.States, run.Executions, run.Cut), (recalled.States, recalled.Executions, recalled.Cut));
        Assert.Equal(run.Claims.Order(ByText), recalled.Claims.Order(ByText));
    }

    /// <summary>Where a search begins again with the order of critical sections, it finds out at another time that it must: what
    /// it had executed until then is counted, too.</summary>
    [Fact]
    public void Where_the_search_begins_again_the_states_are_the_same()
    {
        ExploreResult recalled = Strategy.Explore("second-list", "fast-zap-reload", Recalled);
        ExploreResult run = Strategy.Explore("second-list", "fast-zap-reload", Run);
        Assert.Null(recalled.WhyRun);
        Assert.Equal((run.States, run.Verdict), (recalled.States, recalled.Verdict));
    }

    /// <summary>Two agents that make roots: what one unmakes on the way back, the other makes again.</summary>
    [Fact]
    public void Roots_that_two_agents_make_are_unmade_on_the_way_back()
    {
        ExploreResult recalled = Strategy.Explore("baseline", TwoReloads, Recalled);
        ExploreResult run = Strategy.Explore("baseline", TwoReloads, Run);
        Assert.Null(recalled.WhyRun);
        Assert.Equal((run.States, run.Executions, run.Cut), (recalled.States, recalled.Executions, recalled.Cut));
    }

    /// <summary>The fault itself is run when it has been recalled, so its story is that of a run.</summary>
    [Theory]
    [InlineData("async-put", "fast-zap-toggle")]
    [InlineData("no-flush", "touch-deleted")]
    [InlineData("early-return", "fast-zap-reload")]
    [InlineData("requeue", "fast-zap-put")]
    [InlineData("refcount2-first", "destroy")]
    [InlineData("slot-zap-no-flush", "touch-deleted")]
    [InlineData("mainline+late-snapshot", "fault-between-start-and-end")]
    public void A_broken_promise_is_found_with_the_same_smallest_schedule(string strategy, string scenario)
    {
        StrategySettings smallest = Strategy.Bounded;
        ExploreResult recalled = Strategy.Explore(strategy, scenario, smallest);
        ExploreResult run = Strategy.Explore(strategy, scenario, smallest with { Recalls = false });
        Assert.Equal((Verdict.Violated, run.Failure!.Finding, run.Failure.Replay),
            (recalled.Verdict, recalled.Failure!.Finding, recalled.Failure.Replay));
    }

    /// <summary>Nearly all is recalled: what must be run are steps that nobody has seen, and samples.</summary>
    [Fact]
    public void Few_executions_are_run()
    {
        ExploreResult result = Strategy.Explore("mainline", "two-fast-zaps-dirty-log", Recalled);
        Strategy.AssertNothing(result);
        long all = result.Executions + result.Cut;
        Assert.True(result.Runs * 50 < all, $"{result.Runs} of {all} executions were run");
    }

    /// <summary>An agent goes by what another has left where the machine does not see it: what it does does not follow from what
    /// it has heard, and the order of critical sections does not explain it. Recalling is given up.</summary>
    [Fact]
    public void State_that_agents_share_behind_the_machines_back_ends_recalling()
    {
        ExploreResult recalled = Strategy.Explore(vm => new Whisperer(vm), "fast-zap-reload", Recalled);
        ExploreResult run = Strategy.Explore(vm => new Whisperer(vm), "fast-zap-reload", Run);
        Assert.Equal((run.Verdict, run.Failure?.Finding.Invariant), (recalled.Verdict, recalled.Failure?.Finding.Invariant));
        Assert.NotNull(recalled.WhyRun);
    }

    [Fact]
    public void A_field_that_a_lock_orders_is_recalled_with_the_order_of_its_sections()
    {
        ExploreResult recalled = Strategy.Explore(vm => new Counting(vm), "fast-zap-reload", Recalled);
        ExploreResult run = Strategy.Explore(vm => new Counting(vm), "fast-zap-reload", Run);
        Strategy.AssertNothing(recalled);
        Strategy.AssertNothing(run);
        Assert.Null(recalled.WhyRun);
        Assert.NotNull(recalled.Runs);
    }

    /// <summary>Where what the watch looks at is in no word, nothing is recalled.</summary>
    [Theory]
    [InlineData("mainline+lockless", "age-fault")]
    public void Passes_over_accessed_bits_are_run(string strategy, string scenario) =>
        Assert.Null(Strategy.Explore(strategy, scenario, Recalled with { ExecutionsMax = 100 }).Runs);

    [Fact]
    public void Store_buffers_are_run() => Assert.Null(
        Strategy.Explore("mainline", "fast-zap-put", Recalled with { Model = MemoryModel.Tso, ExecutionsMax = 100 }).Runs);

    private static readonly IComparer<Finding> ByText =
        Comparer<Finding>.Create((left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));

    /// <summary>mainline, of whose puts every other loads once more, whoever makes them: puts under the shared hold are ordered
    /// by nothing.</summary>
    private sealed class Whisperer(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        private int _puts;

        public override void Put(TdpRoot root, MmuHold hold)
        {
            if ((++_puts & 1) == 0) _ = Machine.Load(ref root.Role);
            base.Put(root, hold);
        }
    }

    /// <summary>mainline, whose puts load once more while a field is odd that every invalidation raises: mmu_lock orders the two,
    /// and with the order of its sections it follows from what agents have heard.</summary>
    private sealed class Counting(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        private int _zaps;

        public override void InvalidateAllRoots(ExclusiveHold hold)
        {
            _zaps++;
            base.InvalidateAllRoots(hold);
        }

        public override void Put(TdpRoot root, MmuHold hold)
        {
            if ((_zaps & 1) != 0) _ = Machine.Load(ref root.Role);
            base.Put(root, hold);
        }
    }
}
