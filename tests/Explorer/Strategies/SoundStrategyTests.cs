using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Mmu;
using Lab.Strategies.Roots;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Sound strategies are explored to the end without a violation, and break exactly the claims that the reference
/// predicts.</summary>
public sealed class SoundStrategyTests
{
    /// <summary>The claims that do not hold, scenario by scenario. I34 (the work of a vCPU's put is O(1)): S1 and the second list
    /// zap in the put (section 12, "S1"; 4.2, "synchronous put"), if it is the last one. I33 (a fast zap is bounded by its own
    /// roots): the work queue's flush waits for everything queued (section 12, "S6/S7"; 6.7). I7 (nobody is in a detached subtree
    /// when a fast zap returns): S2's worker may be (section 12, "S2"; 2.6). S7 is said to break I33 too, but there only fast
    /// zaps queue, and slots_lock keeps them apart: it does not here. The shared second list waits for what puts appended as the
    /// queue does (4.3), but has no queue that could be seen to. S8 breaks nothing (8.8).</summary>
    public static TheoryData<string, string, string> ClaimsBroken => new()
    {
        { "baseline", "fast-zap-put", "I34" },
        { "baseline", "fast-zap-unmap", "" },
        { "baseline", "destroy", "I34" },
        { "baseline", "fast-zap-destroy", "I34" },
        { "baseline", "fast-zap-toggle", "I34" },
        { "baseline", "fast-zap-dirty-log", "I34" },
        { "defunct-flag", "fast-zap-put", "" },
        { "defunct-flag", "fast-zap-unmap", "" },
        { "defunct-flag", "destroy", "" },
        { "defunct-flag", "fast-zap-destroy", "I7" },
        { "second-list", "fast-zap-put", "I34" },
        { "second-list", "fast-zap-unmap", "" },
        { "second-list", "destroy", "I34" },
        { "second-list", "fast-zap-destroy", "I34" },
        { "second-list", "fast-zap-toggle", "I34" },
        { "second-list-shared", "fast-zap-put", "" },
        { "second-list-shared", "fast-zap-unmap", "" },
        { "second-list-shared", "destroy", "" },
        { "second-list-shared", "fast-zap-destroy", "" },
        { "second-list-shared", "fast-zap-toggle", "" },
        { "workqueue", "fast-zap-put", "I33" },
        { "workqueue", "fast-zap-unmap", "" },
        { "workqueue", "destroy", "" },
        { "workqueue", "fast-zap-destroy", "" },
        { "workqueue", "fast-zap-toggle", "I33" },
        { "refcount2", "fast-zap-put", "" },
        { "refcount2", "fast-zap-unmap", "" },
        { "refcount2", "destroy", "" },
        { "refcount2", "fast-zap-destroy", "" },
        { "refcount2", "fast-zap-toggle", "" },
        { "mainline", "fast-zap-put", "" },
        { "mainline", "fast-zap-unmap", "" },
        { "mainline", "destroy", "" },
        { "mainline", "fast-zap-destroy", "" },
        { "mainline", "fast-zap-toggle", "" },
        { "slot-zap", "fast-zap-put", "" },
        { "slot-zap", "fast-zap-unmap", "" },
        { "slot-zap", "destroy", "" },
        { "slot-zap", "fast-zap-destroy", "" },
        { "slot-zap", "fast-zap-toggle", "" },
        { "slot-zap", "fast-zap-dirty-log", "" },
    };

    public static TheoryData<string, string> Recovered => new MatrixTheoryData<string, string>(
        [.. StrategyFixture.Sound], ["recover-fast-zap", "recover-fault"]);

    public static TheoryData<string, string> Mended => new MatrixTheoryData<string, string>(
        [.. StrategyFixture.Sound],
        [
            "split-write", "merge-fault", "merge-unmap", "merge-fast-zap", "fast-fault-unmap", "mmio-create", "mmio-delete",
        ]);

    public static TheoryData<string, string> Touched =>
    [
        .. StrategyFixture.Sound.Select(strategy => (strategy, "touch-deleted")),
        ("mainline", "touch-moved"), ("mainline", "touch-recreated"), ("workqueue", "touch-recreated"),
        ("mainline", "fault-between-start-and-end"), ("mainline", "fault-beside-notifier"), ("mainline", "two-unmaps"),
    ];

    [Theory]
    [MemberData(nameof(ClaimsBroken))]
    public void It_is_explored_completely_and_breaks_the_claims_that_the_reference_says(
        string strategy, string scenario, string claims)
    {
        ExploreResult result = Strategy.Explore(strategy, scenario, Strategy.Exhaustive);
        Strategy.AssertNothing(result);
        Assert.Equal("all schedules", result.Bound);
        Assert.InRange(result.Executions, 1, long.MaxValue);
        Assert.Equal(claims.Split(',', StringSplitOptions.RemoveEmptyEntries),
            result.Claims.Select(claim => claim.Invariant).Distinct());
    }

    /// <summary>Accesses of a page before, while and after it goes away: each retired one found its memory. A slot that is made
    /// anew publishes an array at the place of the one before the last, which is not the same again for who waits.</summary>
    [Theory]
    [MemberData(nameof(Touched))]
    public void A_page_may_be_used_while_it_goes_away(string strategy, string scenario) =>
        Strategy.AssertNothing(Strategy.Explore(strategy, scenario, Strategy.Exhaustive));

    /// <summary>A second zapper of subtrees, under the shared hold, beside the zap of the root that it is in and beside a fault
    /// into its table.</summary>
    [Theory]
    [MemberData(nameof(Recovered))]
    public void A_table_may_be_taken_out_of_a_live_root(string strategy, string scenario)
    {
        ExploreResult result = Strategy.Explore(strategy, scenario, Strategy.Exhaustive);
        Strategy.AssertNothing(result);
        Assert.Equal("all schedules", result.Bound);
        Assert.Empty(result.Claims);
    }

    /// <summary>Leafs split and merged, faults without mmu_lock, answers that tables remember: the same page tables under all
    /// strategies.</summary>
    [Theory]
    [MemberData(nameof(Mended))]
    public void What_tables_do_beside_zaps_is_sound_under_every_strategy(string strategy, string scenario) =>
        Strategy.AssertNothing(Strategy.Explore(strategy, scenario, Strategy.Exhaustive));

    /// <summary>Valid roots that stay, from a strategy that does not say that they do.</summary>
    [Fact]
    public void A_strategy_that_does_not_say_that_it_keeps_roots_may_keep_them()
    {
        const string Idle =
            "slot main 0 + 1\nslot churn 1 + 1\nbefore vcpu0: touch 0..1\nthread zapper: delete churn\nend destroy\n";
        Strategy.AssertNothing(Strategy.Explore(vm => new Silent(vm, misses: false), Idle, Strategy.Exhaustive));
        Failure failure =
            Strategy.AssertViolated(Strategy.Explore(vm => new Silent(vm, misses: true), Idle, Strategy.Exhaustive), "I6");
        Assert.Contains("root A still maps a frame of", failure.Finding.What, StringComparison.Ordinal);
    }

    private sealed class Silent(Vm<Explored> vm, bool misses) : SlotZap<Explored>(vm)
    {
        public override bool? KeepsRoots => null;

        public override void InvalidateAllRoots(ExclusiveHold hold)
        {
            if (!misses) base.InvalidateAllRoots(hold);
        }
    }

    /// <summary>A fault in flight (I9, I19): one strategy per way of loading roots would be enough, this one loads them
    /// shared.</summary>
    [Fact]
    public void A_fault_in_flight_is_caught_by_its_second_look_at_the_root() =>
        Strategy.AssertNothing(Strategy.Explore("baseline", "fast-zap-fault", Strategy.Exhaustive));

    /// <summary>I15, benign (section 12, "S5S, S6"; 5.3): a reader that read "valid" gets its reference after another one's last
    /// put has invalidated the root and raised the count again. Roots of S7 and S8 do not get to zero while they are
    /// valid.</summary>
    [Theory]
    [InlineData("workqueue", true)]
    [InlineData("mainline", false)]
    public void A_reader_of_valid_roots_may_get_an_invalid_one(string strategy, bool may)
    {
        ExploreResult result = Strategy.Explore(strategy, "last-put-readers", Strategy.Bounded with { PreemptionsMax = 3 });
        Strategy.AssertNothing(result);
        Assert.Equal("at most 3 preemptions", result.Bound);
        Assert.Equal(may, result.Claims.Any(claim => claim.Invariant == "I15"));
    }
}
